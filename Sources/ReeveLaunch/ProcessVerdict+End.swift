package import ReeveProcess
package import ReeveProtocol

extension ProcessVerdict {
    package init(_ end: ProcessEnd) {
        self.init(
            exitCode: end.exitCode.map(Int.init),
            signal: end.signal.map(Int.init),
            coreDumped: end.coreDumped,
            outOfMemoryKills: end.together?.outOfMemoryKills ?? 0
        )
    }
}
