"""`make load`: a crowd of riders and owners, and what the database says of them afterwards."""
