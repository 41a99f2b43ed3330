"""The Social Value Charter: versions, principles, adoption, pledges, case studies."""
