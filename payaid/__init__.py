"""The service: a business API for Indian small companies, built for 10,000 concurrent users."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("payaid")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+source"
