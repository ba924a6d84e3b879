import NIOConcurrencyHelpers

/// The call that took longest until now: told when it changes by much, and at the end.
enum Slowest {
    private static let record = NIOLockedValueBox((time: Duration.zero, words: "none"))

    static var words: String { record.withLockedValue { "\($0.time): \($0.words)" } }

    static func note(_ time: Duration, _ what: String, _ text: String) {
        record.withLockedValue { record in
            guard time > record.time else { return }
            record = (time, "\(what) of \(text)")
        }
    }
}
