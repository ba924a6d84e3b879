import ArgumentParser
import JSON
import ReeveProtocol

/// `reeve endpoint rotate`
struct EndpointRotate: Command {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Sign with a new key, and with the one until now as well for a while.",
        discussion: """
            Prints the new key, which is not shown again; of an Ed25519 pair its public half. The receiver can change over \
            to it at any time until --keep-old is over.

            EXAMPLES:
              reeve endpoint rotate ops
              reeve endpoint rotate ops --keep-old 7d --secret-file /etc/reeve/ops-key.new
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The endpoint.", completion: .endpoint)
    var name: String

    @Option(help: ArgumentHelp("How long both sign; 24h by default, 0s for not at all.", valueName: "duration"))
    var keepOld: Interval?

    @Option(help: ArgumentHelp("Sign with the key in this file.", valueName: "path"))
    var secretFile: String?

    @Option(help: ArgumentHelp("Sign with the key in this systemd credential.", valueName: "name"))
    var secretCredential: String?

    func validate() throws {
        guard secretFile == nil || secretCredential == nil else {
            throw ValidationError("Only one secret can be given.")
        }
    }

    func perform() async throws {
        let session = try await Session.open(options)
        var parameters: JSONObject = ["endpoint": .string(name)]
        parameters["keepOld"] = keepOld.map { .string($0.description) }
        if let secretFile { parameters["secret"] = ["file": .string(secretFile)] }
        if let secretCredential { parameters["secret"] = ["credential": .string(secretCredential)] }
        let answer = try await session.call("endpoint.rotate", parameters)
        if session.printJSON(answer) { return }
        let until = session.times.time(answer, "previousUntil").map { ", the one before until \($0) as well" } ?? ""
        Standard.say("\(name): signs with another key\(until)")
        EndpointReport(name: name, answer: answer).tellKey()
    }
}
