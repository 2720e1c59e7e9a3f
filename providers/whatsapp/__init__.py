"""What WhatsApp itself says, whichever provider passes it on: its error codes (`errors`) and its words (`words`)."""
