import Crypto
import Glibc
package import JSON
import ReeveProcess
package import ReeveProtocol

/// Puts the attachments of a run in place.
///
/// Each file appears whole or not at all, and never outside the allowed folders: below them no link is followed, so that
/// nobody who may write there can lead a file elsewhere.
package struct AttachmentPlacer: Sendable {
    /// Absolute paths below which files may be put.
    package var folders: [String]

    package init(folders: [String]) {
        self.folders = folders
    }

    /// What can never be placed while the configuration is as it is; paths are those of a task.
    package func problems(_ attachments: [AttachmentDefinition]) -> [InvalidValue] {
        attachments.enumerated().flatMap { index, attachment -> [InvalidValue] in
            let path = "/attachments/\(index)"
            guard folder(of: attachment.path) != nil else {
                return [
                    InvalidValue(
                        path: path + "/path",
                        reason: "\(attachment.path) is outside the folders that attachments may be put in",
                        expected: folders.isEmpty
                            ? "none is allowed" : "a path below \(folders.joined(separator: " or "))",
                        hint: "the configuration says which: runner.attachments.folders"
                    )
                ]
            }
            return Self.hashProblem(attachment).map { [$0.below(path)] } ?? []
        }
    }

    /// What is not there now, and may come.
    package func warnings(_ attachments: [AttachmentDefinition]) -> [String] {
        attachments.flatMap { attachment -> [String] in
            var warnings: [String] = []
            if let owner = attachment.owner, UserDatabase.user(owner) == nil {
                warnings.append("attachment \(attachment.path): there is no user \(owner) now")
            }
            if let group = attachment.group, UserDatabase.group(group) == nil {
                warnings.append("attachment \(attachment.path): there is no group \(group) now")
            }
            return warnings
        }
    }

    /// Why an attachment is not in place: a stable word, and a sentence for people.
    package struct Failure: Error, Sendable, Equatable {
        package var cause: String
        package var reason: String

        package init(cause: String, reason: String) {
            self.cause = cause
            self.reason = reason
        }
    }

    /// Checks all of them, and then writes them in their order up to the first that fails. Answers for each why it is not
    /// in place, `nil` where it is.
    ///
    /// - Parameters:
    ///   - owner: Whose those are that name no owner; the agent's own if `nil`.
    ///   - isWanted: Asked before each is written: where not, it and those behind it are left.
    package func place(
        _ attachments: [AttachmentDefinition],
        owner: UserRecord?,
        isWanted: () -> Bool = { true }
    ) -> [Failure?] {
        var failures = attachments.map { attachment -> Failure? in
            do throws(Failure) {
                _ = try plan(attachment, owner)
                return nil
            } catch {
                return error
            }
        }
        guard failures.allSatisfy({ $0 == nil }) else {
            return failures.map {
                $0 ?? Failure(cause: "notReached", reason: "another attachment cannot be put in place")
            }
        }
        for (index, attachment) in attachments.enumerated() {
            // The run has ended meanwhile: nobody needs them any more.
            guard isWanted() else {
                for later in index..<attachments.count {
                    failures[later] = Failure(cause: "notReached", reason: "the run ended before it")
                }
                break
            }
            do throws(Failure) {
                let plan = try plan(attachment, owner)
                try plan.isInPlace ? clean(plan) : write(plan)
            } catch {
                failures[index] = error
                for later in attachments.indices.dropFirst(index + 1) {
                    failures[later] = Failure(cause: "notReached", reason: "an attachment before it failed")
                }
                break
            }
        }
        return failures
    }

    // MARK: Looking

    private struct Plan {
        var folder: String
        /// Below the folder, the file's own name last.
        var parts: [String]
        var bytes: [UInt8]
        var mode: UInt32
        /// `nil`: they stay the agent's own.
        var owner: (uid: UInt32, gid: UInt32)?
        var isInPlace = false
        var mayReplace: Bool
    }

    private func folder(of path: String) -> String? {
        // By bytes, as the kernel reads a path: a mark that follows a slash makes one character with it.
        folders.filter { path.utf8.starts(with: ($0 == "/" ? "/" : $0 + "/").utf8) }.max {
            $0.utf8.count < $1.utf8.count
        }
    }

    private static func hashProblem(_ attachment: AttachmentDefinition) -> InvalidValue? {
        guard let sha256 = attachment.sha256?.lowercased(), let bytes = attachment.bytes else { return nil }
        let real = SHA256.hash(data: bytes).map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }.joined()
        guard real != sha256 else { return nil }
        return InvalidValue(path: "/sha256", reason: "is not that of the content", expected: real)
    }

    private func plan(_ attachment: AttachmentDefinition, _ owner: UserRecord?) throws(Failure) -> Plan {
        guard let folder = folder(of: attachment.path) else {
            throw Failure(
                cause: "attachmentRefused",
                reason: "it is outside the folders that attachments may be put in: \(folders.joined(separator: ", "))"
            )
        }
        guard let bytes = attachment.bytes, let mode = attachment.modeBits,
            Self.hashProblem(attachment) == nil
        else { throw Failure(cause: "attachmentRefused", reason: "its content is not what its definition says") }
        let below = attachment.path.utf8.dropFirst(folder == "/" ? 1 : folder.utf8.count + 1)
        var plan = Plan(
            folder: folder,
            parts: below.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) },
            bytes: bytes,
            mode: mode,
            mayReplace: attachment.overwrite != false
        )
        plan.owner = try self.owner(of: attachment, owner)
        try look(&plan, attachment)
        return plan
    }

    private func owner(
        of attachment: AttachmentDefinition,
        _ owner: UserRecord?
    ) throws(Failure) -> (uid: UInt32, gid: UInt32)? {
        var user = owner
        if let name = attachment.owner {
            guard let record = UserDatabase.user(name) else {
                throw Failure(cause: "attachmentFailed", reason: "there is no user \(name)")
            }
            user = record
        }
        var group = user?.gid
        if let name = attachment.group {
            guard let id = UserDatabase.group(name) else {
                throw Failure(cause: "attachmentFailed", reason: "there is no group \(name)")
            }
            group = id
        }
        let (uid, gid) = (user?.uid ?? geteuid(), group ?? getegid())
        if uid == geteuid(), gid == getegid() { return nil }
        guard geteuid() == 0 else {
            throw Failure(
                cause: "attachmentFailed",
                reason: "only an agent of root can give it to another user or group"
            )
        }
        return (uid, gid)
    }

    /// Looks at what is there, without changing anything.
    private func look(_ plan: inout Plan, _ attachment: AttachmentDefinition) throws(Failure) {
        guard let parent = try open(plan, making: false) else { return }
        defer { close(parent) }
        let name = plan.parts[plan.parts.count - 1]
        var status = stat()
        guard fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw Failure(cause: "attachmentFailed", reason: "a folder is in its place")
        }
        let isSame = status.st_mode & S_IFMT == S_IFREG && Self.holds(parent, name, plan.bytes)
        if isSame {
            let (uid, gid) = plan.owner ?? (geteuid(), getegid())
            plan.mayReplace = true
            plan.isInPlace = status.st_mode & 0o7777 == plan.mode && status.st_uid == uid && status.st_gid == gid
        } else if attachment.overwrite == false {
            throw Failure(
                cause: "attachmentExists",
                reason: "another file is in its place, which is not to be overwritten"
            )
        }
    }

    private static func holds(_ parent: CInt, _ name: String, _ bytes: [UInt8]) -> Bool {
        // Without waiting: it may be another file by now.
        let file = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return false }
        defer { close(file) }
        var found = [UInt8](repeating: 0, count: bytes.count + 1)
        var count = 0
        while count < found.count {
            let more = found.withUnsafeMutableBytes {
                read(file, $0.baseAddress?.advanced(by: count), $0.count - count)
            }
            if more < 0, errno == EINTR { continue }
            guard more > 0 else { break }
            count += more
        }
        return count == bytes.count && found.prefix(count).elementsEqual(bytes)
    }

    // MARK: Writing

    private func write(_ plan: Plan) throws(Failure) {
        guard let parent = try open(plan, making: true) else { return }
        defer { close(parent) }
        let name = plan.parts[plan.parts.count - 1]
        InterimFile.removeLeft(of: name, in: parent)
        guard let interim = InterimFile(of: name, in: parent) else { throw failure("make a file beside it") }
        defer { interim.remove() }
        try fill(interim.file, plan)
        if plan.mayReplace {
            guard renameat(parent, interim.name, parent, name) == 0 else { throw failure("put it in place") }
        } else {
            // A link, and not a rename: it fails where a file has come in the meantime.
            guard linkat(parent, interim.name, parent, name, 0) == 0 else { throw failure("put it in place") }
        }
        guard fsync(parent) == 0 else { throw failure("sync its folder") }
    }

    /// The file is in place: what was left of placing it goes.
    private func clean(_ plan: Plan) throws(Failure) {
        guard let parent = try open(plan, making: false) else { return }
        defer { close(parent) }
        InterimFile.removeLeft(of: plan.parts[plan.parts.count - 1], in: parent)
    }

    private func fill(_ file: CInt, _ plan: Plan) throws(Failure) {
        let number = writeAll(plan.bytes, to: file)
        guard number == 0 else { throw failure("write it", number) }
        if let owner = plan.owner {
            guard fchown(file, owner.uid, owner.gid) == 0 else { throw failure("give it to its owner") }
        }
        // After the owner: a change of that takes the set-user-ID bits away (chown(2)).
        guard fchmod(file, plan.mode) == 0 else { throw failure("set its mode") }
        guard fsync(file) == 0 else { throw failure("write it") }
    }

    /// The file's folder; `nil` if it is not there and not to be made.
    private func open(_ plan: Plan, making: Bool) throws(Failure) -> CInt? {
        // The folder itself is what the configuration says, by a link too; below it no link is followed.
        var folder = Glibc.open(plan.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder < 0, errno == ENOENT, !making { return nil }
        guard folder >= 0 else { throw failure("open \(plan.folder)") }
        var path = plan.folder
        for part in plan.parts.dropLast() {
            path += "/" + part
            if making, mkdirat(folder, part, 0o755) != 0, errno != EEXIST {
                defer { close(folder) }
                throw failure("make \(path)")
            }
            let next = openat(folder, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let number = errno
            close(folder)
            guard next >= 0 else {
                if number == ENOENT, !making { return nil }
                // What it is, and not what a system call says of it.
                let what = number == ELOOP || number == ENOTDIR ? "\(path) is no folder of its own" : nil
                throw what.map { Failure(cause: "attachmentFailed", reason: $0) } ?? failure("open \(path)", number)
            }
            folder = next
        }
        return folder
    }

    private func failure(_ what: String, _ number: CInt = errno) -> Failure {
        Failure(cause: "attachmentFailed", reason: "cannot \(what): \(errorText(number))")
    }
}
