import Glibc
import JSON
import JSONRPC
import ReeveProtocol
import YAML

/// Changes a definition in the user's editor.
struct DefinitionEdit {
    let kind: DefinitionKind
    let name: String
    let session: Session

    /// - Returns: What the put was answered with; `nil` if nothing was changed.
    func perform() async throws -> JSON? {
        let answer = try await session.call("\(kind.word).get", [kind.word: .string(name)])
        guard case .object(var definition) = answer[kind.word] else { throw RPCClientError.notUnderstood(answer.text) }
        try checkOwner(answer)
        let version = version(answer)
        definition["revision"] = nil
        let text = JSON.object(definition).yaml
        let path = try File.temporary(
            "# \(name). Save and leave to put it; leave without a change to give up.\n" + text,
            name: "\(name).yaml"
        )
        var isKept = false
        defer { if !isKept { unlink(path) } }
        while true {
            try Editor.open(path)
            do {
                let written = try DefinitionFile.read(path)
                guard written != .object(definition) else {
                    Standard.say("\(name): nothing changed")
                    return nil
                }
                return try await put(written, version)
            } catch let error as any ReportableError {
                guard wantsToGoOn(after: error.failure) else {
                    isKept = true
                    Standard.say("reeve: what you wrote is in \(path)")
                    throw error
                }
            }
        }
    }

    /// What is written would be refused.
    private func checkOwner(_ answer: JSON) throws {
        guard let source = answer["source"]?.string else { return }
        let (owner, hint): (String, String)
        if source == DefinitionSource.configuration {
            (owner, hint) = ("the agent's configuration", "edit that, and then: reeve reload")
        } else if let file = DefinitionSource.file(of: source) {
            (owner, hint) = (file, "edit that file: it is taken over when it is saved")
        } else {
            return
        }
        let message = "\(kind.word) \"\(name)\" belongs to \(owner) and can be changed only there"
        throw CommandFailure(.refused, message, hint: hint)
    }

    /// What says in a put that nobody has changed it meanwhile.
    private func version(_ answer: JSON) -> JSONObject {
        var version = JSONObject()
        switch kind {
        case .task, .service: version["ifRevision"] = answer[kind.word]?["revision"] ?? answer["revision"]
        case .endpoint: version["ifChangedAt"] = answer["changedAt"]
        }
        return version
    }

    private func put(_ written: JSON, _ version: JSONObject) async throws -> JSON {
        // One of another name would be another one, beside the one that was to be changed.
        guard written[kind.name]?.string == name else {
            let hint = "add it anew, and remove this one"
            throw CommandFailure(.refused, "the \(kind.name) cannot be changed", hint: hint)
        }
        var parameters: JSONObject = [kind.word: written]
        parameters.members += version.members
        return try await session.call("\(kind.word).put", parameters)
    }

    private func wantsToGoOn(after failure: CommandFailure) -> Bool {
        // Another edit of the same old text cannot help there.
        guard failure.answer?.kind != "conflict", isatty(STDIN_FILENO) == 1 else { return false }
        Standard.say(failure.text(styled: Terminal.standardError.isStyled))
        Standard.write(Array("Edit again? [Y/n] ".utf8), to: STDERR_FILENO)
        guard let line = readLine() else { return false }
        return !line.lowercased().hasPrefix("n")
    }
}
