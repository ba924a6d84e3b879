import Glibc
import JSON

/// Writes output to where it belongs: what was standard error goes to standard error.
struct OutputWriter {
    private var step: String?
    /// Whether a line says which step's output begins; on a terminal only.
    let announcesSteps: Bool

    /// - Parameter run: Whose output it is; `nil` if it is a service's.
    init(run: JSON? = nil) {
        announcesSteps = (run?["steps"]?.array?.count ?? 0) > 1 && Terminal.standardError.isTerminal
    }

    mutating func write(_ piece: OutputPiece) {
        if announcesSteps, piece.step != step {
            Standard.say(Style.faint.applied(to: "── step \(piece.step ?? "?")", Terminal.standardError.isStyled))
        }
        step = piece.step
        Standard.write(piece.bytes, to: piece.isError ? STDERR_FILENO : STDOUT_FILENO)
    }
}
