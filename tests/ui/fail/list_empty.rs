// An application has a handler.

wsfn::main!();
