"""The model: a Flax Linen module in six stages, one file a part.

`pgat` puts the parts together and `build` is the interface. The package imports the configuration
and, of the data, `Batch` and the layout of its columns.

Shapes are jaxtyping hints and einsum strings in one set of letters. An axis without a letter has
its length in the hint: 4 phases of a body, 6 phase features of a pair of bodies. `*B` stands for
any leading axes.

| letter | meaning | `recovery` |
|---|---|---|
| B | windows of a batch | 12 |
| S | past days, the steps of the encoder | 250 |
| L, P | label and prediction days, the steps of the decoder; LP is both | 125, 10 |
| V | input columns | 118 |
| T | targets: Open, High, Low, Close | 4 |
| G | calendar features | 18 |
| N | celestial bodies | 13 |
| M | the other one of a pair: a second body beside N, or keys beside S queries | |
| J | columns of one body, padded to the most that a body has | 10 |
| C | channels of a body | 32 |
| D | width of the stream, N C | 416 |
| E | features of an edge, a pair of bodies | 8 |
| F | fusion width | 256 |
| H | attention heads | 8 |
| A | width of one head | 52; 32 in the fusion |
| I | hidden width inside a part | 104 in the body features, 1,024 in the graph attention |
| K | mixture components | 5 |
| Q | quantile levels | 9 |
| R | statistics of the targets' past, 15 T | 60 |
| U | rolling windows of these statistics | 3 |
| W, O | widths of a shared layer's input and output | |
"""
