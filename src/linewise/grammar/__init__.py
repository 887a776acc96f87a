"""From statements to claims: one reader for each family of facts."""
