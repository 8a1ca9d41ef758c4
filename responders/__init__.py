"""The voice: decides, drafts, asks a person, answers, follows up."""
