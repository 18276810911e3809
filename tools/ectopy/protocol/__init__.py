"""Wire protocol v1: schema, framing, session over a Link."""
