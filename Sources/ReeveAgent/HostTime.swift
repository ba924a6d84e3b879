import Glibc
package import JSON
import ReeveProtocol
package import ReeveScheduler

/// The zones of the host, what to show times in, and what schedules hang on beside them.
package struct HostTime: Sendable {
    package let zones: ZoneDatabase
    /// What schedules without a zone are read in.
    package let hostZone: Zone
    /// What tells the host from others.
    package let host: String

    /// - Parameters:
    ///   - environmentTZ: the value of `TZ`, if it is set.
    ///   - directory: the value of `TZDIR`, if it is set.
    ///   - configured: `scheduler.timeZone` of the configuration.
    ///   - host: The agent's name.
    package init(
        environmentTZ: String?,
        directory: String?,
        configured: String?,
        host: String
    ) throws(InvalidValue) {
        self.host = host
        zones = directory.map { ZoneDatabase(directory: $0) } ?? ZoneDatabase()
        let link = Self.target(of: "/etc/localtime")
        let name = configured ?? HostZone.name(environmentTZ: environmentTZ, localtimeLink: link)
        do {
            hostZone = try zones.hostZone(named: name)
        } catch {
            // A host without zone files is in UTC, unless somebody asked for another zone.
            guard configured == nil, environmentTZ == nil else { throw error }
            hostZone = .utc
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
