"""How each generation of 1C writes its catalogue: plain strings, no XML library: an independent witness."""
