import Glibc

/// Where the file comes from that a writer appends to.
extension SpoolSpecification {
    /// Says what the spool holds before a process begins to write: where its output will begin, and how much came before.
    ///
    /// Whether the host has lost a part of it is looked at here and now: it takes long where the file is large, and who
    /// opens it for writing must not be kept from others.
    func prepare() -> OutputCounts {
        if isTakenUp { return takenUpCounts }
        guard continues, let file = try? SpoolFile(path: path) else { return OutputCounts() }
        guard fits(file.header) else { return OutputCounts(emptyHeader(behind: file.header, end: file.end)) }
        guard !file.header.isOfThisBoot else { return OutputCounts(file.header) }
        let (descriptor, header) = open()
        if descriptor >= 0 {
            // If it cannot be written it is looked at again.
            _ = header.bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
            close(descriptor)
        }
        return OutputCounts(header)
    }

    /// Opens the file for writing: a new one, or, if it is to be continued and can be, the one that is there.
    ///
    /// - Parameter lost: The header of the file that was written to until now, if somebody has deleted that one.
    /// - Returns: The descriptor, or the negated error number; and what the header has to say from now on.
    func open(insteadOf lost: SpoolHeader? = nil) -> (file: CInt, header: SpoolHeader) {
        guard continues else { return (create(), emptyHeader) }
        var header = lost.map { emptyHeader(behind: $0, end: $0.tailEnd) } ?? emptyHeader
        do {
            if var file = try SpoolFile(path: path) {
                // What was written in this boot is all there; of what came before, the host may have lost a part.
                if fits(file.header), file.header.isOfThisBoot || file.tailIsWhole() {
                    header = file.header
                    header.boot = .current
                    return (openFile(path, O_RDWR), header)
                }
                header = emptyHeader(behind: file.header, end: file.end)
                setAside()
            }
        } catch {
            if let number = error.passingNumber { return (-number, header) }
            setAside()
        }
        return (create(), header)
    }

    /// How much an agent before this one has written of the same process. Reads the head, as its numbers are written down
    /// only at its end. What can not be read is left as it is, and nothing is added to it.
    private var takenUpCounts: OutputCounts {
        var counts = OutputCounts()
        do {
            guard var file = try SpoolFile(path: path) else { return counts }
            guard file.header.tailEnd == 0 else { return OutputCounts(file.header) }
            var place: UInt64 = 0
            while let frame = file.frame(at: place) {
                switch frame.stream {
                case .output: counts.output += UInt64(frame.count)
                case .error: counts.error += UInt64(frame.count)
                }
                place += frame.size
            }
            counts.position = SpoolPosition(frame: place, consumed: 0)
        } catch {
            counts.spoolError = error.number
        }
        return counts
    }

    /// Opens it to go on behind that; what was begun and not ended behind the last whole frame goes.
    ///
    /// - Returns: The descriptor, or the negated error number; and the header. `nil`: nothing was written yet.
    func openTakenUp(at position: SpoolPosition) -> (file: CInt, header: SpoolHeader)? {
        do {
            guard let header = try SpoolFile(path: path)?.header else { return nil }
            let file = openFile(path, O_RDWR)
            if file >= 0, header.tailEnd == 0 { ftruncate(file, SpoolFormat.headerSize + Int(position.frame)) }
            return (file, header)
        } catch {
            return (-error.number, emptyHeader)
        }
    }

    private func fits(_ header: SpoolHeader) -> Bool {
        header.headCapacity == 0 && header.tailCapacity == UInt64(tail)
    }

    private var emptyHeader: SpoolHeader {
        var header = SpoolHeader(headCapacity: UInt64(head), tailCapacity: UInt64(tail))
        header.boot = .current
        return header
    }

    /// For a file that takes the place of one that ended there: all that was in that one is dropped.
    private func emptyHeader(behind last: SpoolHeader, end: UInt64) -> SpoolHeader {
        var header = emptyHeader
        header.tailStart = end
        header.tailEnd = end
        header.writtenOutput = last.writtenOutput
        header.writtenError = last.writtenError
        header.droppedOutput = last.writtenOutput
        header.droppedError = last.writtenError
        return header
    }

    private func setAside() {
        rename(path, "\(path).old")  // if it cannot be, it is emptied
    }

    /// A file that only the agent's user may read, with the folders above it.
    private func create() -> CInt {
        let file = openFile(path, O_RDWR | O_CREAT | O_TRUNC)
        guard file == -ENOENT else { return file }
        createFolders(above: path, mode: 0o700)
        return openFile(path, O_RDWR | O_CREAT | O_TRUNC)
    }
}

/// The descriptor, or the negated error number.
private func openFile(_ path: String, _ flags: CInt) -> CInt {
    let file = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
    return file < 0 ? -errno : file
}

extension SpoolHeader {
    fileprivate var isOfThisBoot: Bool { boot == .current && boot != .unknown }
}

extension SpoolError {
    /// The error number where it says nothing of the file, which may be readable the next time.
    fileprivate var passingNumber: CInt? {
        guard case .unreadable(_, let number) = self else { return nil }
        return [EMFILE, ENFILE, ENOMEM, EIO, EINTR].contains(number) ? number : nil
    }
}

extension OutputCounts {
    init(_ header: SpoolHeader) {
        output = header.writtenOutput
        error = header.writtenError
        droppedOutput = header.droppedOutput
        droppedError = header.droppedError
        position = SpoolPosition(frame: header.tailEnd, consumed: 0)
    }
}
