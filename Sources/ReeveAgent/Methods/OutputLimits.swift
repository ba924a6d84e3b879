import JSON
import ReeveProtocol

/// What a request for output asks for, checked: the same for runs and services.
struct OutputLimits: Sendable {
    /// The most bytes of one answer.
    let limit: Int
    /// Only so many of the last ones.
    let tail: Int?

    init(limit: Int?, tail: Int?) throws(Failure) {
        let range = 1...(1 << 20)
        self.limit = try inRange(limit ?? 64 << 10, range, "/limit")
        self.tail = try tail.map { tail throws(Failure) in try inRange(tail, range, "/tail") }
    }

    static func notAPosition(_ text: String) -> Failure {
        Failure(
            InvalidValue(path: "/after", reason: "\"\(text)\" is no position", expected: "next of an answer before")
        )
    }
}
