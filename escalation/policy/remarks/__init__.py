"""What a policy that holds together will yet not do as its author may think."""
