import ArgumentParser
import JSON
import ReeveProtocol

/// Which dead letters are meant.
struct DeadLetterOptions: ParsableArguments {
    @Option(help: "Only of this endpoint.", completion: .endpoint)
    var endpoint: String?

    @Option(help: "Only of this type, with * for any characters: 'order.*'.")
    var type: String?

    @Option(help: "Only of this lane, with * for any characters: 'task:*'.")
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
        parameters["since"] = try TimeText.past(since, "--since")
        parameters["until"] = try TimeText.past(until, "--until")
        return parameters
    }

    /// Has something done with those that are meant, and says with how many. Some must be named: all of all endpoints are
    /// never meant.
    func change(_ method: String, _ ids: [String], _ options: GlobalOptions, _ what: String) async throws {
        guard !ids.isEmpty || endpoint != nil else {
            throw ValidationError("Say which: ENDPOINT/NUMBER, or --endpoint for all of one.")
        }
        var parameters = try parameters()
        if !ids.isEmpty { parameters["ids"] = .array(ids.map(JSON.string)) }
        let session = try await Session.open(options)
        let answer = try await session.call(method, parameters)
        if session.printJSON(answer) { return }
        let letters = (answer["count"]?.integer ?? 0).counted("dead letter is", "dead letters are")
        Standard.say("\(letters) \(what)")
        let missing = ids.count - Int(answer["count"]?.integer ?? 0)
        guard missing > 0 else { return }
        Standard.say("reeve: of \(missing) of the \(ids.count) named there is no dead letter that the options mean")
        throw ExitStatus(ExitCodes.refused)
    }
}
