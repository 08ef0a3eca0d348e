"""exch: a command-line trading tool for Dgtmarket and DigiFinex."""

# A constant, because importlib.metadata costs several times a whole `exch --version`.
__version__ = "0.1.0"
