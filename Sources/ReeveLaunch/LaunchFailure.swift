package import ReeveProcess

/// Why a command could not be started: a stable word, and a sentence for people.
package struct LaunchFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package var cause: String
    package var reason: String

    package var description: String { reason }

    package init(cause: String, reason: String) {
        self.cause = cause
        self.reason = reason
    }

    /// `notFound` and `notExecutable` are kept apart from the rest, as shells do with 127 and 126.
    package init(_ error: StartError) {
        let isProgram = error.stage == .execute
        switch error.errno {
        case 2 where isProgram: cause = "notFound"
        case 13 where isProgram, 8 where isProgram: cause = "notExecutable"
        default: cause = "startFailed"
        }
        reason = error.description
    }
}
