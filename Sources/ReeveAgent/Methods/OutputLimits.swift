import JSON
import ReeveProtocol

/// What a request for output asks for, checked: the same for runs and services.
struct OutputLimits: Sendable {
    /// The most bytes of one answer.
    let limit: Int
    /// Only so many of the last ones.
    let tail: Int?

    init(limit: Int?, tail: Int?) throws(Failure) {
        self.limit = try Self.checked(limit ?? 64 << 10, "/limit")
        self.tail = try tail.map { tail throws(Failure) in try Self.checked(tail, "/tail") }
    }

    private static func checked(_ count: Int, _ path: String) throws(Failure) -> Int {
        guard (1...(1 << 20)).contains(count) else {
            throw Failure(InvalidValue(path: path, reason: "\(count) is out of range", expected: "1 to 1048576"))
        }
        return count
    }

    static func notAPosition(_ text: String) -> Failure {
        Failure(
            InvalidValue(path: "/after", reason: "\"\(text)\" is no position", expected: "next of an answer before")
        )
    }
}
