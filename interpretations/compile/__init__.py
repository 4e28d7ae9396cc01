"""What the bundled transforms and number types are in native code, where that is stated apart. Imported when used."""
