import ArgumentParser
import JSON
import ReeveProtocol

/// Which dead letters are meant.
struct DeadLetterOptions: ParsableArguments {
    @Option(help: "Only of this endpoint.", completion: .endpoint)
    var endpoint: String?

    @Option(help: "Only of this type, or of those that begin so: 'order.*'.")
    var type: String?

    @Option(help: "Only of this lane, or of those that begin so: 'task:*'.")
    var lane: String?

    @Option(help: ArgumentHelp("Only those given up since then: a time, or how long ago.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Only those given up before then.", valueName: "time"))
    var until: String?

    func parameters() throws -> JSONObject {
        var parameters = JSONObject()
        parameters["endpoint"] = endpoint.map(JSON.string)
        parameters["type"] = type.map(JSON.string)
        parameters["lane"] = lane.map(JSON.string)
        parameters["since"] = try since.map { .string(try TimeText.past($0, now: Host.now).description) }
        parameters["until"] = try until.map { .string(try TimeText.past($0, now: Host.now).description) }
        return parameters
    }
}
