"""Finding a case by what is written in it, by its number, by the phone of who asked. See docs/search.md."""
