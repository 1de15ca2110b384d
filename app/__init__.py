"""What a person types: the `quintet` command."""
