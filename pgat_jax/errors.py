"""The one kind of error that is the user's to mend."""


class UserError(Exception):
    """Bad input: a configuration, table, checkpoint or flag.

    The message is complete in itself: the rule, what was got, what was expected, the way out.
    The command line prints it as it stands, without a traceback, and exits with status 2.
    """
