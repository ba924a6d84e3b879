import ArgumentParser
import JSON
import JSONRPC
import ReeveProtocol

/// `reeve endpoint add`
struct EndpointAdd: Command {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Deliver state changes to a webhook, a file or a command, or keep them for who fetches them.",
        discussion: """
            It gets what happens from now on, unless --from says otherwise. -f gives a definition with everything that \
            an endpoint can have, and the options replace parts of it. A generated secret is shown once. --slack is for \
            chat services: a sentence, and the last of a failed run's output. --replace puts the whole definition in the \
            place of the one that is there; endpoint set changes parts of it.

            EXAMPLES:
              reeve endpoint add ops https://example.com/hook --generate-secret
              reeve endpoint add chat https://example.com/hook --slack --only failures
              reeve endpoint add log --to-file /var/log/reeve.ndjson --rotate 64MiB
              reeve endpoint add mail --only failures --text --command -- mail -s reeve root
              reeve endpoint add work --queue --type 'order.*'
              reeve endpoint add all http://127.0.0.1:8080/ --from oldest
              reeve endpoint add ops -f ops.yaml --replace
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "What it is called.")
    var name: String

    @OptionGroup var endpoint: EndpointOptions

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("Read the definition from this YAML or JSON.", valueName: "file"),
        completion: .file()
    )
    var file: String?

    @Flag(help: "Put it in the place of the endpoint of this name, if there is one.")
    var replace = false

    @Option(help: ArgumentHelp("Begin with: now, oldest, a journal number, or a time.", valueName: "where"))
    var from: String?

    func validate() throws {
        guard endpoint.kind != nil || file != nil else {
            throw ValidationError("Give a URL, --to-file, --command or --queue, or a definition with -f.")
        }
        guard endpoint.toFile != nil || file != nil || endpoint.rotate == nil else {
            throw ValidationError("--rotate and --keep are for --to-file.")
        }
    }

    func definition() throws -> JSONObject {
        var definition: JSONObject = ["name": .string(name), "kind": .string((endpoint.kind ?? .webhook).rawValue)]
        if let file {
            guard case .object(let written) = try DefinitionFile.read(file) else {
                throw CommandFailure(.refused, "\(file): is no endpoint", hint: "an object with url, secret, filter, …")
            }
            for member in written.members { definition[member.name] = member.value }
            definition["name"] = .string(name)
        }
        try endpoint.apply(to: &definition)
        if let from { definition["from"] = .string(from) }
        return definition
    }

    func perform() async throws {
        let definition = try definition()
        let session = try await Session.open(options)
        let before = try await Definition.current(.endpoint, name, session)
        guard before == nil || replace else {
            throw CommandFailure(
                .refused,
                "there is an endpoint \"\(name)\" already",
                hint: "\"reeve endpoint set \(name)\" changes parts of it, --replace all of it"
            )
        }
        let answer = try await session.call("endpoint.put", ["endpoint": .object(definition)])
        if session.printJSON(answer) { return }
        if answer["created"]?.bool == true {
            tellBeginning(answer)
            EndpointReport(name: name, answer: answer).tellKey()
        } else {
            EndpointReport(name: name, answer: answer).tellChange()
            tellDropped(before, definition)
        }
        let isQueue = answer["endpoint"]?["kind"]?.string == "queue"
        Standard.say(
            isQueue ? "  fetch: reeve call event.list '{\"as\": \"\(name)\"}'" : "  try it: reeve endpoint test \(name)"
        )
    }

    private func tellBeginning(_ answer: JSON) {
        Standard.say("\(name): added, begins after number \(answer["cursor"]?.integer ?? 0)")
        if let earlier = answer["earlier"]?.integer, earlier > 0 {
            let changes = earlier.counted("earlier change does", "earlier changes do")
            Standard.say("  \(changes) not go there (--from oldest would have sent \(earlier == 1 ? "it" : "them"))")
        }
    }

    private func tellDropped(_ before: JSONObject?, _ definition: JSONObject) {
        let dropped = (before ?? [:]).members.map(\.name).filter { definition[$0] == nil }
        if !dropped.isEmpty {
            Standard.say(
                "  it has no longer: \(dropped.joined(separator: ", ")) (endpoint set leaves what it is not told)"
            )
        }
        if from != nil { Standard.say("  --from is for a new one; reeve endpoint replay has it get again what it had") }
    }
}
