import ArgumentParser
import JSON
import JSONRPC
import ReeveProtocol
import YAML

extension Outcome: ExpressibleByArgument {}

/// `reeve endpoint add`
struct EndpointAdd: Command {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Deliver state changes to a webhook.",
        discussion: """
            It gets what happens from now on, unless --from says otherwise. -f gives a definition with everything that \
            an endpoint can have, and the options replace parts of it. A generated secret is shown once.

            EXAMPLES:
              reeve endpoint add ops https://example.com/hook --generate-secret
              reeve endpoint add alarm https://example.com/alarm --outcome failed
              reeve endpoint add all http://127.0.0.1:8080/ --from oldest
              reeve endpoint add ops -f ops.yaml --replace
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "What it is called.")
    var name: String

    @Argument(help: "Where it is: http or https.")
    var url: String?

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("Read the definition from this YAML or JSON.", valueName: "file"),
        completion: .file()
    )
    var file: String?

    @Flag(help: "Change the endpoint if there is one of this name.")
    var replace = false

    @OptionGroup(title: "Which changes") var filter: FilterOptions

    @Option(help: ArgumentHelp("Begin with: now, oldest, a journal number, or a time.", valueName: "where"))
    var from: String?

    @Flag(help: "Sign with a new key, and print it.")
    var generateSecret = false

    @Option(help: ArgumentHelp("Sign with the key in this file.", valueName: "path"))
    var secretFile: String?

    @Option(help: ArgumentHelp("Sign with the key in this systemd credential.", valueName: "name"))
    var secretCredential: String?

    @Option(help: ArgumentHelp("cloudevents or text.", valueName: "format"))
    var format: String?

    @Option(help: ArgumentHelp("How long one request may take.", valueName: "duration"))
    var timeout: Interval?

    @Option(help: ArgumentHelp("How many requests at once, each for another lane.", valueName: "count"))
    var inFlight: Int?

    func validate() throws {
        guard url != nil || file != nil else { throw ValidationError("Give a URL, or a definition with -f.") }
        guard [generateSecret, secretFile != nil, secretCredential != nil].count(where: { $0 }) <= 1 else {
            throw ValidationError("Only one secret can be given.")
        }
    }

    func definition() throws -> JSONObject {
        var endpoint: JSONObject = ["name": .string(name), "kind": "webhook"]
        if let file {
            guard case .object(let written) = try DefinitionFile.read(file) else {
                throw CommandFailure(.refused, "\(file): is no endpoint", hint: "an object with url, secret, filter, …")
            }
            for member in written.members { endpoint[member.name] = member.value }
            endpoint["name"] = .string(name)
        }
        if let url { endpoint["url"] = .string(url) }
        if generateSecret { endpoint["secret"] = ["generate": true] }
        if let secretFile { endpoint["secret"] = ["file": .string(secretFile)] }
        if let secretCredential { endpoint["secret"] = ["credential": .string(secretCredential)] }
        if let filter = try filter.definition(endpoint["filter"]?.object) { endpoint["filter"] = filter }
        if let from { endpoint["from"] = .string(from) }
        if let format { endpoint["format"] = .string(format) }
        if let timeout { endpoint["timeout"] = .string(timeout.description) }
        if let inFlight { endpoint["inFlight"] = .number(inFlight) }
        return endpoint
    }

    func perform() async throws {
        let endpoint = try definition()
        let session = try await Session.open(options)
        if !replace { try await refuseIfThere(session) }
        let answer = try await session.call("endpoint.put", ["endpoint": .object(endpoint)])
        if session.printJSON(answer) { return }
        let cursor = answer["cursor"]?.integer ?? 0
        Standard.say("\(name): \(answer["created"]?.bool == true ? "added" : "changed"), begins after number \(cursor)")
        if let earlier = answer["earlier"]?.integer, earlier > 0 {
            Standard.say("  \(earlier) earlier changes do not go there (--from oldest would have sent them)")
        }
        if let secret = answer["secret"]?.string {
            Standard.say("  its secret, which is not shown again:")
            Standard.print(secret)
        }
        Standard.say("  try it: reeve endpoint test \(name)")
    }

    private func refuseIfThere(_ session: Session) async throws {
        let present = try await session.found { try await session.call("endpoint.get", ["endpoint": .string(name)]) }
        guard present != nil else { return }
        throw CommandFailure(
            .refused,
            "there is an endpoint \"\(name)\" already",
            hint: "--replace changes it; \"reeve endpoint show \(name)\" shows it"
        )
    }
}

/// What an endpoint takes, as options.
struct FilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("This type, or those that begin so: 'order.*'.", valueName: "type"))
    var type: [String] = []

    @Option(help: ArgumentHelp("This lane: task:ID, 'task:*', event:SUBJECT.", valueName: "lane"))
    var lane: [String] = []

    @Option(name: [.customShort("l"), .long], help: ArgumentHelp("Runs of tasks with this label.", valueName: "K=V"))
    var label: [Assignment] = []

    @Option(help: ArgumentHelp("Runs that ended so.", valueName: "outcome"))
    var outcome: [Outcome] = []

    @Flag(help: "Runs that ended otherwise than the one before.")
    var changedOnly = false

    @Flag(help: "Of a run only its last change.")
    var final = false

    func definition(_ written: JSONObject?) throws -> JSON? {
        var filter = written ?? [:]
        if !type.isEmpty { filter["types"] = .array(type.map(JSON.string)) }
        if !lane.isEmpty { filter["lanes"] = .array(lane.map(JSON.string)) }
        if let labels = try label.pairs("--label") { filter["labels"] = labels }
        if !outcome.isEmpty { filter["outcomes"] = .array(outcome.map { .string($0.rawValue) }) }
        if changedOnly { filter["changedOnly"] = true }
        if final { filter["final"] = true }
        return filter.members.isEmpty ? nil : .object(filter)
    }
}
