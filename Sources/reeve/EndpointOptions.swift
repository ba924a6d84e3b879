import ArgumentParser
import JSON
import ReeveProtocol

/// What an endpoint is, as options.
struct EndpointOptions: ParsableArguments {
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

    @OptionGroup(title: "Which changes") var filter: FilterOptions

    @Flag(help: "Sign with a new key, and print it.")
    var generateSecret = false

    @Option(help: ArgumentHelp("Sign with the key in this file.", valueName: "path"))
    var secretFile: String?

    @Option(help: ArgumentHelp("Sign with the key in this systemd credential.", valueName: "name"))
    var secretCredential: String?

    @Flag(help: "Sign with Ed25519: with --generate-secret.")
    var ed25519 = false

    @Option(help: ArgumentHelp("Send this header; others stay.", valueName: "K=V"))
    var header: [Assignment] = []

    @Option(
        help: ArgumentHelp(
            "Trust a receiver whose certificate is signed by one in this file, and no other.",
            valueName: "path"
        ),
        completion: .file()
    )
    var ca: String?

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

    /// The kind of the place that is given.
    var kind: EndpointKind? {
        if toFile != nil { return .file }
        if command { return .command }
        return queue ? .queue : url.map { _ in .webhook }
    }

    func validate() throws {
        let places = [url != nil, toFile != nil, command, queue].count(where: { $0 })
        guard places <= 1 else { throw ValidationError("Only one of a URL, --to-file, --command and --queue can be.") }
        guard command != words.isEmpty else {
            throw ValidationError("--command wants what to run behind --, and nothing else does.")
        }
        guard [format != nil, text, slack, template != nil].count(where: { $0 }) <= 1 else {
            throw ValidationError("Only one of --format, --text, --slack and --template can be.")
        }
        guard !ed25519 || generateSecret else { throw ValidationError("--ed25519 is for --generate-secret.") }
        guard keep == nil || rotate != nil else { throw ValidationError("--keep is for --rotate.") }
        guard [generateSecret, secretFile != nil, secretCredential != nil].count(where: { $0 }) <= 1 else {
            throw ValidationError("Only one secret can be given.")
        }
    }

    /// Puts into a definition what is given, and leaves the rest of it.
    func apply(to endpoint: inout JSONObject) throws {
        if let url { endpoint["url"] = .string(url) }
        if let toFile { endpoint["path"] = .string(toFile) }
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
        if let given = try header.pairs("--header")?.object {
            var headers = endpoint["headers"]?.object ?? [:]
            for member in given.members { headers[member.name] = member.value }
            endpoint["headers"] = .object(headers)
        }
        if let ca { endpoint["tls"] = ["ca": .string(ca)] }
        try applyFormat(to: &endpoint)
        if let progress { endpoint["progress"] = .string(progress.description) }
        if let timeout { endpoint["timeout"] = .string(timeout.description) }
        if let inFlight { endpoint["inFlight"] = .number(inFlight) }
    }

    private func applyFormat(to endpoint: inout JSONObject) throws {
        let format = text || slack ? "text" : template != nil ? "template" : format
        if let format {
            endpoint["format"] = .string(format)
            // That of a format which it has no more.
            if format != "template" { endpoint["template"] = nil }
        }
        if let template { endpoint["template"] = .string(try File.read(template)) }
        if tail || slack { endpoint["tail"] = true }
    }
}
