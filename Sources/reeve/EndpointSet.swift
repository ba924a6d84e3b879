import ArgumentParser
import JSON
import ReeveProtocol

/// `reeve endpoint set`
struct EndpointSet: Command {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change parts of an endpoint, and leave the rest as it is.",
        discussion: """
            What is not named stays: secret, filter, headers, and how far it has come. Of a filter each part that is \
            given takes the place of the one before. What has no option here is changed with endpoint edit.

            EXAMPLES:
              reeve endpoint set ops https://example.com/new-hook
              reeve endpoint set ops --timeout 5s --only failures
              reeve endpoint set ops --without filter --without retry
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The endpoint.", completion: .endpoint)
    var name: String

    @OptionGroup var endpoint: EndpointOptions

    @Option(help: ArgumentHelp("Take this away from it: secret, filter, retry, ….", valueName: "field"))
    var without: [String] = []

    func perform() async throws {
        let session = try await Session.open(options)
        let found = try await session.call("endpoint.get", ["endpoint": .string(name)])
        let before = found["endpoint"]?.object ?? [:]
        let definition = try changed(before)
        guard definition != before else {
            throw CommandFailure(
                .usage,
                "nothing of \"\(name)\" is changed by that",
                hint: "name what is to be otherwise"
            )
        }
        var parameters: JSONObject = ["endpoint": .object(definition)]
        // What somebody changes meanwhile must not be undone.
        parameters["ifChangedAt"] = found["changedAt"]
        let answer = try await session.call("endpoint.put", parameters)
        if session.printJSON(answer) { return }
        EndpointReport(name: name, answer: answer).tellChange()
    }

    private func changed(_ before: JSONObject) throws -> JSONObject {
        if let kind = endpoint.kind?.rawValue, let known = before["kind"]?.string, kind != known {
            throw CommandFailure(
                .refused,
                "\"\(name)\" is a \(known) and cannot become a \(kind) in parts",
                hint: "reeve endpoint add \(name) … --replace puts another one in its place"
            )
        }
        var definition = before
        for field in without {
            guard definition[field] != nil, field != "name", field != "kind" else {
                let fields = before.members.map(\.name).filter { $0 != "name" && $0 != "kind" }
                throw CommandFailure(
                    .usage,
                    "--without \(field): \"\(name)\" has no such field to take away",
                    hint: "it has \(fields.joined(separator: ", "))"
                )
            }
            definition[field] = nil
        }
        try endpoint.apply(to: &definition)
        return definition
    }
}
