"""Where the gradient goes on its way back: module by module, equation by equation."""
