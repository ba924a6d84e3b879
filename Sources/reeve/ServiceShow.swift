import ArgumentParser
import JSON
import YAML

/// `reeve service show`
struct ServiceShow: Command {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a service.",
        discussion: """
            The definition is YAML that "reeve service apply" takes; how it stands is above it as comments.

            EXAMPLES:
              reeve service show web
              reeve service show web > web.yaml
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The service.", completion: .service)
    var name: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.callInZone("service.get", ["service": .string(name)])
        if session.printJSON(answer) { return }
        let comments = Self.facts(answer, session.times).map { name, text in
            Style.faint.applied(to: "# \((name + ":").padded(to: 10)) \(Table.clean(text))", session.terminal.isStyled)
        }
        Standard.print((comments + [(answer["service"] ?? .null).yaml]).joined(separator: "\n"))
    }

    static func facts(_ answer: JSON, _ times: TimeText) -> [(String, String)] {
        func time(_ name: String) -> String? {
            times.time(answer, name).map { time in
                times.terminal.isTerminal ? "\(time) (\(times.distance(answer, name) ?? ""))" : time
            }
        }
        let standing = ServiceStanding(item: answer, times: times)
        let status = [standing.status, standing.health].compactMap(\.self).joined(separator: ", ")
        let changed = "changed \(times.time(answer, "changedAt") ?? "?") by \(answer["by"]?.string ?? "?")"
        let facts: [(String, String?)] = [
            ("revision", "\(answer["revision"]?.integer ?? 0), \(changed)"),
            ("source", answer["source"]?.string),
            ("status", status + (standing.note.map { ": \($0)" } ?? "")),
            ("pid", answer["pid"]?.integer.map(String.init)),
            ("starts", answer["starts"]?.integer.map(String.init)),
            ("started", time("startedAt")),
            ("ready", answer["ready"]?.bool == true ? time("readyAt") : nil),
            ("stopped", answer["pid"] == nil ? time("stoppedAt") : nil),
            ("last end", lastEnd(answer)),
        ]
        return facts.compactMap { name, text in text.map { (name, $0) } }
    }

    private static func lastEnd(_ answer: JSON) -> String? {
        if let signal = answer["signal"]?.integer { return "by signal \(signal)" }
        return answer["exitCode"]?.integer.map { "exited with \($0)" }
    }
}
