import JSON

/// Prints the logs of services: of one as it wrote it, of several a line at a time behind the service's name.
struct ServiceLogPrinter {
    let session: Session
    let names: [String]
    let stream: String?
    /// Only so many lines of each; all that is kept if absent.
    let lines: Int?
    let follows: Bool

    /// Lines that are shown before those to come, where nobody says how many.
    private static let usual = 10

    func print() async throws {
        let merged = names.count > 1 ? MergedOutput(names, session) : nil
        // Each is known before anything is printed.
        for name in names { _ = try await session.call("service.get", ["service": .string(name)]) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names {
                let log = ServiceLog(session: session, name: name, stream: stream)
                let position = try await past(log, merged)
                guard follows else { continue }
                group.addTask { try await follow(log, after: position, merged) }
            }
            try await group.waitForAll()
        }
    }

    /// Prints what is there. Answers where it ends.
    private func past(_ log: ServiceLog, _ merged: MergedOutput?) async throws -> JSON? {
        var writer = OutputWriter(run: .null)
        guard let count = lines ?? (follows ? Self.usual : nil) else {
            let dropped = try await log.pages { page in
                if session.wantsJSON {
                    Standard.print(page.text)
                } else if let merged {
                    try await merged.write(page: page, of: log.name, lastLines: nil)
                } else {
                    try writer.write(page: page)
                }
            }
            await merged?.flush()
            if dropped > 0 { Standard.say("reeve: \(SizeText.text(dropped)) of what \(log.name) wrote were not kept") }
            return nil
        }
        let page = try await log.tail(lines: max(1, count))
        if session.wantsJSON {
            if !follows { Standard.print(page.text) }
        } else if let merged {
            try await merged.write(page: page, of: log.name, lastLines: count)
            if !follows { await merged.flush() }
        } else {
            try writer.write(page: page, lastLines: count)
        }
        return page["next"]
    }

    private func follow(_ log: ServiceLog, after position: JSON?, _ merged: MergedOutput?) async throws {
        var writer = OutputWriter(run: .null)
        try await log.follow(after: position, speaks: log.name == names.first) { item in
            if session.wantsJSON {
                Standard.print(named(item, log.name).text)
            } else if let merged {
                try await merged.write(item: item, of: log.name)
            } else {
                try writer.write(item: item)
            }
        }
    }

    /// Of several the item says whose it is.
    private func named(_ item: JSON, _ name: String) -> JSON {
        guard names.count > 1, case .object(let object) = item else { return item }
        return .object(JSONObject([.init(name: "service", value: .string(name))] + object.members))
    }
}
