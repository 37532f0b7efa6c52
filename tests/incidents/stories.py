"""What customers write: of one outage, and of other things."""

PEOPLE = ("Anna", "Bram", "Carla", "Dario", "Edith", "Faisal")
OUTAGE = (
    "App cannot reach the service. Since seven the app says it cannot reach the service and my kettle is offline.",
    "Is the app down? My kettle is shown as offline and the app cannot reach the service since this morning.",
    "App offline. The app says the service is unreachable today, the kettle itself works. Is there an outage?",
    "Cannot reach the service. The app shows my kettle offline and hangs at sign in since seven o'clock.",
)
OTHERS = (
    ("cleaning", "How often should I descale my kettle? The water here is hard."),
    ("cleaning", "There is limescale in my kettle. What do I use against it?"),
    ("returns", "I want to send my order back. How does a return work?"),
    ("orders", "Where is my parcel? The tracking number shows nothing new."),
    ("app", "How do I pair the kettle with my new Wi-Fi?"),
    ("returns", "The lid was broken on arrival, please exchange it."),
)
