import JSON

extension EndpointKind {
    typealias Field = (
        name: EndpointDefinition.CodingKeys, kinds: Set<EndpointKind>, isGiven: @Sendable (EndpointDefinition) -> Bool
    )

    /// The fields that only some kinds have, and which; all others are for every kind.
    static let fields: [Field] = [
        (.url, [.webhook], { $0.url != nil }), (.secret, [.webhook], { $0.secret != nil }),
        (.headers, [.webhook], { $0.headers != nil }), (.answers, [.webhook], { $0.answers != nil }),
        (.tls, [.webhook], { $0.tls != nil }),
        (.path, [.file], { $0.path != nil }), (.rotate, [.file], { $0.rotate != nil }),
        (.command, [.command], { $0.command != nil }), (.user, [.command], { $0.user != nil }),
        (.environment, [.command], { $0.environment != nil }),
        (.workingDirectory, [.command], { $0.workingDirectory != nil }),
        (.format, carried, { $0.format != nil }), (.template, carried, { $0.template != nil }),
        (.tail, carried, { $0.tail != nil }), (.batch, carried, { $0.batch != nil }),
        (.progress, carried, { $0.progress != nil }),
        (.drain, carried, { $0.drain != nil }), (.timeout, carried, { $0.timeout != nil }),
        (.inFlight, carried, { $0.inFlight != nil }), (.retry, carried, { $0.retry != nil }),
        (.refused, carried, { $0.refused != nil }),
    ]

    /// Those to which the agent brings what there is; from a queue it is fetched.
    private static let carried: Set<EndpointKind> = [.webhook, .file, .command, .stdout]
}

extension EndpointDefinition {
    /// What of the definition does not go with its kind, or is missing for it.
    func kindProblems() -> [InvalidValue] {
        guard kind != .controlPlane else {
            return [
                InvalidValue(
                    path: "/kind",
                    reason: "\"controlPlane\" is not supported by this version of reeve",
                    expected: "webhook, file, command, queue or stdout"
                )
            ]
        }
        let strangers = EndpointKind.fields.filter { $0.isGiven(self) && !$0.kinds.contains(kind) }.map { field in
            InvalidValue(
                path: "/\(field.name.rawValue)",
                reason: "is nothing that an endpoint of kind \(kind.rawValue) has",
                hint: "leave it out; it is for kind \(field.kinds.map(\.rawValue).sorted().joined(separator: ", "))"
            )
        }
        return strangers + ownProblems()
    }

    private func ownProblems() -> [InvalidValue] {
        switch kind {
        case .webhook: urlProblems() + headerProblems() + tlsProblems()
        case .file: pathProblems()
        case .command: commandProblems()
        case .stdout, .queue, .controlPlane: []
        }
    }

    // MARK: Webhooks

    private func urlProblems() -> [InvalidValue] {
        switch url {
        case nil:
            return [InvalidValue(path: "/url", reason: "is required for a webhook", expected: "an http or https URL")]
        case .generate: return [InvalidValue(path: "/url", reason: "cannot be generated")]
        case .literal(let text):
            guard let rest = unixRest(text) else { return urlProblem(text, path: "/url").map { [$0] } ?? [] }
            let socket = rest.prefix { $0 != "/" }
            // The path of the socket stands in the place of the host, so its own slashes are written as %2F.
            guard socket.lowercased().hasPrefix("%2f"), !socket.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F })
            else {
                return [
                    InvalidValue(
                        path: "/url",
                        reason: "\"\(text)\" names no socket",
                        expected:
                            "http+unix://, the socket's absolute path with %2F for each /, and the path of the request"
                    )
                ]
            }
            return []
        default: return []
        }
    }

    private func unixRest(_ text: String) -> Substring? {
        ["http+unix://", "https+unix://"].first(where: text.hasPrefix).map { text.dropFirst($0.count) }
    }

    private func tlsProblems() -> [InvalidValue] {
        guard let tls else { return [] }
        if case .literal(let url) = url, !url.lowercased().hasPrefix("https") {
            return [
                InvalidValue(
                    path: "/tls",
                    reason: "is not used where the URL is not https",
                    expected: "an https URL, or no tls"
                )
            ]
        }
        return tls.problems(at: "/tls")
    }

    private func headerProblems() -> [InvalidValue] {
        (headers ?? [:]).keys.sorted().compactMap { name in
            let path = "/headers/" + InvalidValue.escaped(name)
            guard isHeaderName(name) else {
                return InvalidValue(path: path, reason: "\"\(name)\" is no header name", expected: "a header name")
            }
            guard let why = ownHeader(name.lowercased()) else { return nil }
            return InvalidValue(
                path: path,
                reason: "\(name) is set by reeve and cannot be set here",
                expected: why
            )
        }
    }

    /// Why a header, named in lower case, is not for the definition to set.
    private func ownHeader(_ name: String) -> String? {
        switch name {
        case "content-type" where format == .template: nil
        case "content-type": "the format decides it; only with format template it can be set"
        case "host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect":
            "the connection decides it"
        case "user-agent": "it says who sends: reeve and its version"
        case let name where name.hasPrefix("webhook-"): "those that begin with webhook- are the signature's"
        case let name where name.hasPrefix("ce-") && format == .binary: "those that begin with ce- are the event's"
        default: nil
        }
    }

    // MARK: Files and commands

    private func pathProblems() -> [InvalidValue] {
        guard let path else {
            return [InvalidValue(path: "/path", reason: "is required for a file", expected: "an absolute path")]
        }
        let isGood = path.hasPrefix("/") && !path.hasSuffix("/") && !path.utf8.contains(0)
        let problem = InvalidValue(path: "/path", reason: "\"\(path)\" is no file's absolute path")
        let sizes = ByteSize.kibibytes(1)...ByteSize(bytes: .max)
        return (isGood ? [] : [problem]) + rangeProblems(rotate?.keep, 1...1000, at: "/rotate/keep")
            + (rotate.map { sizes.contains($0.size) } == false
                ? [InvalidValue(path: "/rotate/size", reason: "must be at least 1KiB")] : [])
    }

    private func commandProblems() -> [InvalidValue] {
        guard command != nil else {
            return [
                InvalidValue(
                    path: "/command",
                    reason: "is required for a command",
                    expected: "a list: the program, its arguments"
                )
            ]
        }
        return commandDefinition.problems()
    }

    /// What is run for each submission, without its input.
    package var commandDefinition: CommandDefinition {
        CommandDefinition(
            command: command,
            user: user,
            environment: environment,
            workingDirectory: workingDirectory
        )
    }

    // MARK: Formats

    func formatProblems() -> [InvalidValue] {
        var problems: [InvalidValue] = []
        if format == .binary, kind != .webhook {
            problems.append(InvalidValue(path: "/format", reason: "\"binary\" is only for webhooks"))
        }
        if format == .template, template == nil {
            problems.append(
                InvalidValue(path: "/template", reason: "is required for this format", expected: "a Mustache text")
            )
        }
        if template != nil, format != .template {
            problems.append(
                InvalidValue(path: "/template", reason: "is not used", expected: "format: template beside it")
            )
        }
        return problems
    }
}

private func isHeaderName(_ text: String) -> Bool {
    !text.isEmpty
        && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"()<>@,;:\\\"/[]?={}".utf8.contains($0) }
}
