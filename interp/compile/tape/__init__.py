"""Reverse mode in native code by recording: what the adjoint refuses is run on nodes of a tape."""
