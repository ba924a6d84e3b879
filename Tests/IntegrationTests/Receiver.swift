import JSON
import TestSupport

extension WebhookReceiver {
    /// What the endpoints of these tests sign with: the bytes 0 to 31.
    var secret: String { "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" }

    /// An endpoint that comes here, tries again soon, and takes everything from the journal's beginning on.
    func endpoint(_ name: String = "ops") -> JSON {
        [
            "name": .string(name), "kind": "webhook", "url": .string(url), "secret": .string(secret),
            "from": "oldest", "drain": ["minimum": "5ms", "maximum": "20ms"],
            "retry": ["delay": "10ms", "factor": .number("1.3"), "maximum": "200ms"],
        ]
    }
}
