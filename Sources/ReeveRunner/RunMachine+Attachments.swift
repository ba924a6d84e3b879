import ReeveProtocol

// Files that have to be in place before the steps.
extension RunMachine {
    mutating func begin(with attachments: [AttachmentDefinition], _ turn: inout Turn, _ now: Timestamp) {
        run.attachments = attachments.map { attachment in
            let end = attachment.expires.map { run.createdAt + $0 }
            let isOver = end.map { $0 <= now } ?? false
            var record = RunAttachment(
                path: attachment.path,
                status: isOver ? .expired : .pending,
                expiresAt: end,
                at: now
            )
            if isOver, let end {
                record.cause = "attachmentExpired"
                record.reason = "its time was over \(now.since(end)) before the run began"
            }
            return record
        }
        endIfUnattached(&turn, now)
        if runEnding == nil { attach(&turn) }
    }

    mutating func attach(_ turn: inout Turn) {
        isAttaching = true
        turn.then.append(.attach)
    }

    mutating func attached(_ attachments: [RunAttachment], _ turn: inout Turn, _ now: Timestamp) {
        guard isAttaching else { return }
        isAttaching = false
        run.attachments = attachments
        turn.details += attachments.map(RunDetail.attachment)
        endIfUnattached(&turn, now)
        goOn(&turn, now)
    }

    private mutating func endIfUnattached(_ turn: inout Turn, _ now: Timestamp) {
        let failed = run.attachments?.first { $0.status == .failed || $0.status == .expired }
        guard runEnding == nil, let failed else { return }
        let reason = "attachment \(failed.path): \(failed.reason ?? failed.status.rawValue)"
        endWhole(Verdict(.failed, failed.cause, reason), others: .notReached, &turn, now)
    }

    /// What is not in place when the run ends will not be any more.
    mutating func giveUpAttachments(_ now: Timestamp) {
        run.attachments = run.attachments?.map { attachment in
            guard attachment.status == .pending else { return attachment }
            var attachment = attachment
            attachment.status = .failed
            attachment.cause = "notReached"
            attachment.reason = "the run ended before it"
            attachment.at = now
            return attachment
        }
    }

    /// Everything is in place that has to be before a step starts.
    var isAttached: Bool { (run.attachments ?? []).allSatisfy { $0.status == .attached } }
}
