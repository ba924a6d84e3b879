import JSON

/// Says what became of an endpoint that was put, or of its key.
struct EndpointReport {
    let name: String
    /// Of `endpoint.put` or `endpoint.rotate`.
    let answer: JSON

    func tellChange() {
        Standard.say("\(name): changed, goes on where it was")
        tellKey()
    }

    /// A key that was made.
    func tellKey() {
        if let secret = answer["secret"]?.string {
            Standard.say("  its secret, which is not shown again:")
            Standard.print(secret)
        }
        if let publicKey = answer["publicKey"]?.string {
            Standard.say("  what the receiver checks signatures with:")
            Standard.print(publicKey)
        }
    }
}
