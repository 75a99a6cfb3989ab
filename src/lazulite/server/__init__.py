"""The process: settings, data folder, certificates, the ASGI application and its loops; wires every room once."""
