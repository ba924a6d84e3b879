import ArgumentParser
import JSON
import YAML

/// `reeve endpoint show`
struct EndpointShow: Command {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show an endpoint.",
        discussion: """
            EXAMPLES:
              reeve endpoint show ops
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The endpoint.", completion: .endpoint)
    var name: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.call("endpoint.get", ["endpoint": .string(name)])
        if session.printJSON(answer) { return }
        let styled = session.terminal.isStyled
        let comments = (answer.object?.members ?? []).compactMap { member -> String? in
            guard member.name != "endpoint", member.value != .null else { return nil }
            let text = Self.text(member.value)
            return Style.faint.applied(to: "# \((member.name + ":").padded(to: 13)) \(Table.clean(text))", styled)
        }
        Standard.print((comments + [(answer["endpoint"] ?? .null).yaml]).joined(separator: "\n"))
    }

    /// A pause or a muting as a sentence, anything else as it is.
    private static func text(_ value: JSON) -> String {
        guard let by = value["by"]?.string else { return value.string ?? value.text }
        let until = value["until"]?.string.map { " until \($0)" } ?? ""
        let reason = value["reason"]?.string.map { ": \($0)" } ?? ""
        return "by \(by) since \(value["at"]?.string ?? "?")\(until)\(reason)"
    }
}
