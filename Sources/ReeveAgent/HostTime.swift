import Glibc
package import JSON
import Logging
import NIOConcurrencyHelpers
import ReeveProtocol
package import ReeveScheduler
import ReeveStore

/// The zones of the host, what to show times in, and what schedules hang on beside them.
///
/// Copies share what was read.
package struct HostTime: Sendable {
    package let zones: ZoneDatabase
    /// What tells the host from others.
    package let host: String
    private let directory: String
    private let localtime: String
    private let environmentTZ: String?
    private let configured: String?
    private let present: NIOLockedValueBox<Zone>

    /// What schedules without a zone are read in.
    package var hostZone: Zone { present.withLockedValue { $0 } }

    /// - Parameters:
    ///   - environmentTZ: the value of `TZ`, if it is set.
    ///   - directory: the value of `TZDIR`, if it is set.
    ///   - configured: `scheduler.timeZone` of the configuration.
    ///   - host: The agent's name.
    ///   - localtime: The link to the host's zone file.
    package init(
        environmentTZ: String?,
        directory: String?,
        configured: String?,
        host: String,
        localtime: String = "/etc/localtime"
    ) throws(InvalidValue) {
        self.host = host
        self.directory = directory ?? ZoneDatabase.systemDirectory
        self.localtime = localtime
        self.environmentTZ = environmentTZ
        self.configured = configured
        zones = ZoneDatabase(directory: self.directory)
        present = NIOLockedValueBox(.utc)
        do {
            let zone = try readHostZone(zones)
            present.withLockedValue { $0 = zone }
        } catch {
            // A host without zone files is in UTC, unless somebody asked for another zone.
            guard configured == nil, environmentTZ == nil else { throw error }
        }
    }

    private func readHostZone(_ zones: ZoneDatabase) throws(InvalidValue) -> Zone {
        let link = Self.target(of: localtime)
        if configured == nil, environmentTZ == nil, link == nil {
            throw InvalidValue(path: "", reason: "\(localtime) is no link to a zone file")
        }
        return try zones.hostZone(
            named: configured ?? HostZone.name(environmentTZ: environmentTZ, localtimeLink: link)
        )
    }

    // MARK: Changes

    /// A text that changes when the zone files or the host's zone do; read anew each time.
    var fingerprint: String {
        let fresh = ZoneDatabase(directory: directory)
        return fresh.fingerprint(hostZone: (try? readHostZone(fresh)) ?? hostZone)
    }

    /// Goes by the files as they are now. A zone that was there and is not any more stays the host's.
    func reload() {
        zones.forget()
        guard let zone = try? readHostZone(zones) else { return }
        present.withLockedValue { $0 = zone }
    }

    /// Returns when the files say something else than that fingerprint; never where they cannot be watched.
    func change(from known: String, clock: any Clock<Duration>, logger: Logger) async throws {
        let changed = Wakeup()
        let link = localtime.lastIndex(of: "/").map { String(localtime[..<$0]) } ?? "."
        // That of the host's zone is looked at as a file, the others by the version of all.
        let own = "\(directory)/\(hostZone.name)".split(separator: "/").dropLast().joined(separator: "/")
        let watch = FolderWatch.start([directory, "/" + own, link], changed: changed)
        while true {
            if watch?.renew() != true {
                logger.warning("the zone files cannot be watched", metadata: ["folder": "\(directory)"])
            }
            // Before the wait: what was changed before the watch began is seen, too.
            guard fingerprint == known else { return }
            await changed.wait()
            // A new version comes file by file.
            try await clock.sleep(for: .seconds(1))
        }
    }

    /// Reads a schedule as it is read for that task; without one, for none in particular.
    func schedule(_ definition: ScheduleDefinition, task: String = "") throws(InvalidValue) -> Schedule {
        try Schedule(definition, hostZone: hostZone, zones: zones, hash: TaskHash(host: host, task: task))
    }

    /// The zone that a request asks to see times in.
    func zone(named name: String?) throws -> Zone? {
        guard let name else { return nil }
        do {
            return try zones.zone(named: name)
        } catch {
            throw Failure(error.below("/timeZone"))
        }
    }

    private static func target(of link: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            readlink(link, bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }
}
