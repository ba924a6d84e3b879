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
        abstract: "Deliver state changes to a webhook, a file or a command, or keep them for who fetches them.",
        discussion: """
            It gets what happens from now on, unless --from says otherwise. -f gives a definition with everything that \
            an endpoint can have, and the options replace parts of it. A generated secret is shown once. --slack is for \
            chat services: a sentence, and the last of a failed run's output.

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

    @Argument(help: "Where it is: http, https, or http+unix://%2Frun%2Fapp.sock/hook.")
    var url: String?

    @Option(help: ArgumentHelp("Append lines to this file.", valueName: "path"), completion: .file())
    var toFile: String?

    @Option(help: ArgumentHelp("Begin another file before it grows beyond this.", valueName: "size"))
    var rotate: String?

    @Option(help: ArgumentHelp("Files that are kept beside it; 5 by default.", valueName: "count"))
    var keep: Int?

    @Flag(help: "Run what stands behind -- for each, with the event on its standard input.")
    var command = false

    @Flag(help: "Keep them for who fetches them: event.list {as}, endpoint.commit.")
    var queue = false

    @Argument(parsing: .postTerminator, help: "The program and its arguments, for --command.")
    var words: [String] = []

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

    @Flag(help: "Sign with Ed25519: with --generate-secret.")
    var ed25519 = false

    @Option(help: ArgumentHelp("cloudevents, binary, text or template.", valueName: "format"))
    var format: String?

    @Flag(help: "A sentence for people.")
    var text = false

    @Flag(help: "A sentence, and the last of a failed run's output: as Slack and its like take it.")
    var slack = false

    @Option(
        help: ArgumentHelp("Write events by the Mustache template in this file.", valueName: "file"),
        completion: .file()
    )
    var template: String?

    @Flag(help: "The last of its output with each run that did not succeed.")
    var tail = false

    @Option(
        help: ArgumentHelp("Tell so often of a run that goes on, with the last of its output.", valueName: "duration")
    )
    var progress: Interval?

    @Option(help: ArgumentHelp("How long one request may take.", valueName: "duration"))
    var timeout: Interval?

    @Option(help: ArgumentHelp("How many requests at once, each for another lane.", valueName: "count"))
    var inFlight: Int?

    func validate() throws {
        let places = [url != nil, toFile != nil, command, queue].count(where: { $0 })
        guard places <= 1 else { throw ValidationError("Only one of a URL, --to-file, --command and --queue can be.") }
        guard places == 1 || file != nil else {
            throw ValidationError("Give a URL, --to-file, --command or --queue, or a definition with -f.")
        }
        guard command != words.isEmpty else {
            throw ValidationError("--command wants what to run behind --, and nothing else does.")
        }
        guard [format != nil, text, slack, template != nil].count(where: { $0 }) <= 1 else {
            throw ValidationError("Only one of --format, --text, --slack and --template can be.")
        }
        guard !ed25519 || generateSecret else { throw ValidationError("--ed25519 is for --generate-secret.") }
        guard toFile != nil || rotate == nil && keep == nil else {
            throw ValidationError("--rotate and --keep are for --to-file.")
        }
        guard keep == nil || rotate != nil else { throw ValidationError("--keep is for --rotate.") }
        guard [generateSecret, secretFile != nil, secretCredential != nil].count(where: { $0 }) <= 1 else {
            throw ValidationError("Only one secret can be given.")
        }
    }

    func definition() throws -> JSONObject {
        let kind: JSON = toFile != nil ? "file" : command ? "command" : queue ? "queue" : "webhook"
        var endpoint: JSONObject = ["name": .string(name), "kind": kind]
        if let file {
            guard case .object(let written) = try DefinitionFile.read(file) else {
                throw CommandFailure(.refused, "\(file): is no endpoint", hint: "an object with url, secret, filter, …")
            }
            for member in written.members { endpoint[member.name] = member.value }
            endpoint["name"] = .string(name)
        }
        if let url { endpoint["url"] = .string(url) }
        endpoint["path"] = toFile.map(JSON.string) ?? endpoint["path"]
        if let rotate {
            var rotation: JSONObject = ["size": .string(rotate)]
            rotation["keep"] = keep.map { .number($0) }
            endpoint["rotate"] = .object(rotation)
        }
        if command { endpoint["command"] = .array(words.map(JSON.string)) }
        if generateSecret { endpoint["secret"] = ["generate": ed25519 ? "ed25519" : true] }
        if let secretFile { endpoint["secret"] = ["file": .string(secretFile)] }
        if let secretCredential { endpoint["secret"] = ["credential": .string(secretCredential)] }
        if let filter = try filter.definition(endpoint["filter"]?.object) { endpoint["filter"] = filter }
        if let from { endpoint["from"] = .string(from) }
        if let format { endpoint["format"] = .string(format) }
        if text || slack { endpoint["format"] = "text" }
        if tail || slack { endpoint["tail"] = true }
        if let progress { endpoint["progress"] = .string(progress.description) }
        if let template {
            endpoint["format"] = "template"
            endpoint["template"] = .string(try File.read(template))
        }
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
        Self.tellKey(answer)
        Standard.say(
            queue ? "  fetch: reeve call event.list '{\"as\": \"\(name)\"}'" : "  try it: reeve endpoint test \(name)"
        )
    }

    /// A key that was made.
    static func tellKey(_ answer: JSON) {
        if let secret = answer["secret"]?.string {
            Standard.say("  its secret, which is not shown again:")
            Standard.print(secret)
        }
        if let publicKey = answer["publicKey"]?.string {
            Standard.say("  what the receiver checks signatures with:")
            Standard.print(publicKey)
        }
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

/// What people mostly want to hear of.
enum Only: String, ExpressibleByArgument {
    /// What a person has to look at.
    case failures
    /// Each run once, when it is over.
    case ends
    /// Runs that ended otherwise than the one before.
    case changes

    static let failureTypes = [
        "dev.reeve.run.failed", "dev.reeve.run.timedOut", "dev.reeve.run.lost", "dev.reeve.run.missed",
        "dev.reeve.run.invalid", "dev.reeve.service.failed", "dev.reeve.agent.crashed",
    ]

    func add(to filter: inout JSONObject) {
        switch self {
        case .failures: filter["types"] = .array(Self.failureTypes.map(JSON.string))
        case .ends:
            filter["types"] = ["dev.reeve.run.*"]
            filter["final"] = true
        case .changes: filter["changedOnly"] = true
        }
    }
}

/// What an endpoint takes, as options.
struct FilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("This type, or those that begin so: 'order.*'.", valueName: "type"))
    var type: [String] = []

    @Option(help: ArgumentHelp("failures, ends or changes: of runs, and failures of services.", valueName: "what"))
    var only: Only?

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
        only?.add(to: &filter)
        if !type.isEmpty { filter["types"] = .array(type.map(JSON.string)) }
        if !lane.isEmpty { filter["lanes"] = .array(lane.map(JSON.string)) }
        if let labels = try label.pairs("--label") { filter["labels"] = labels }
        if !outcome.isEmpty { filter["outcomes"] = .array(outcome.map { .string($0.rawValue) }) }
        if changedOnly { filter["changedOnly"] = true }
        if final { filter["final"] = true }
        return filter.members.isEmpty ? nil : .object(filter)
    }
}
