import JSON

/// The codes that `reeve` ends with.
enum ExitCodes {
    static let done: Int32 = 0
    static let refused: Int32 = 1
    static let usage: Int32 = 2
    static let noAgent: Int32 = 3
    static let notAllowed: Int32 = 4

    // `reeve run`, `reeve retry` and `reeve wait`, as timeout(1) and the shells have them.
    static let timedOut: Int32 = 124
    static let ownTrouble: Int32 = 125
    static let notExecutable: Int32 = 126
    static let notFound: Int32 = 127
    static let signalBase: Int32 = 128

    /// What a command ends with that waited for this run: the code of the step that decided it.
    static func code(ofRun run: JSON) -> Int32 {
        let outcome = run["outcome"]?.string
        if outcome == "succeeded" { return done }
        if outcome == "timedOut" { return timedOut }
        guard outcome == "failed" || outcome == "canceled" else { return ownTrouble }
        // Of those that came to what the run did, the first: RFC 3339 in UTC sorts as texts do.
        let steps = (run["steps"]?.array ?? []).filter { $0["outcome"]?.string == outcome }
        let first = steps.min { ($0["stoppedAt"]?.string ?? "") < ($1["stoppedAt"]?.string ?? "") }
        return first.map(code(ofStep:)) ?? ownTrouble
    }

    private static func code(ofStep step: JSON) -> Int32 {
        switch step["cause"]?.string {
        case "notFound": return notFound
        case "notExecutable": return notExecutable
        default: break
        }
        if let signal = step["signal"]?.integer { return signalBase + Int32(clamping: signal) }
        // A step that was stopped may have ended with 0; the run did not succeed all the same.
        if let code = step["exitCode"]?.integer, code != 0 { return Int32(clamping: code) }
        return ownTrouble
    }
}
