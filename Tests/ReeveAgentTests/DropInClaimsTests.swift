import Testing

@testable import ReeveAgent

/// What becomes of what came from files, decided without any file.
struct DropInClaimsTests {
    private static let a = DropInName(.task, "a")

    private static func claims(
        _ said: [(String, [DropInName])] = [],
        unread: Set<String> = [],
        _ folders: [(DropInFolder, SeenFiles.FolderState)] = [(DropInFolder("/c"), .read)]
    ) -> DropInClaims {
        var claims = DropInClaims()
        for (file, names) in said { claims.add(file, names) }
        claims.unread = unread
        claims.folders = folders.map { (folder: $0, state: $1) }
        return claims
    }

    @Test func `what its file says stays, and what a file said that cannot be read`() {
        #expect(Self.claims([("/c/a", [Self.a])]).fate(of: Self.a, from: "/c/a") == .stay)
        #expect(Self.claims([("/c/b", [Self.a])], unread: ["/c/a"]).fate(of: Self.a, from: "/c/a") == .stay)
        // A service of the same name is another thing.
        let other = Self.claims([("/c/a", [DropInName(.service, "a")])])
        #expect(other.fate(of: Self.a, from: "/c/a") == .unclaimed)
    }

    @Test func `what another file says moves to the first that does, whatever its own folder is`() {
        let said = [("/c/b", [Self.a]), ("/c/c", [Self.a])]
        for state in [SeenFiles.FolderState.read, .away, .unknown] {
            let claims = Self.claims(said, [(DropInFolder("/c"), .read), (DropInFolder("/d"), state)])
            #expect(claims.fate(of: Self.a, from: "/d/a") == .move(to: "/c/b"))
        }
    }

    @Test func `what nobody says is unclaimed only where its folder was read`() {
        let ö = DropInFolder("/ö")
        #expect(Self.claims([], [(ö, .read)]).fate(of: Self.a, from: "/ö/a") == .unclaimed)
        #expect(Self.claims([], [(ö, .unknown)]).fate(of: Self.a, from: "/ö/a") == .stay)
        #expect(Self.claims([], [(ö, .away)]).fate(of: Self.a, from: "/ö/a") == .stayFor(folder: "/ö"))
        // One below it is another folder, and one that is looked at no more is no reason to keep anything,
        #expect(Self.claims([], [(ö, .away)]).fate(of: Self.a, from: "/ö/deeper/a") == .unclaimed)
        // but where a folder is named and not there.
        let named = Self.claims([], [(DropInFolder("/typo", isNamed: true), .away)])
        #expect(named.fate(of: Self.a, from: "/ö/a") == .stayFor(folder: "/typo"))
    }

    @Test func `what is unclaimed is gone when it has been for a second without a break`() {
        var absences = DropInAbsences()
        let entry = DropInAbsences.Entry(name: Self.a, file: "/c/a")
        let later = DropInAbsences.Entry(name: Self.a, file: "/c/b")
        #expect(absences.gone(among: [entry], now: .seconds(5)).isEmpty)
        #expect(absences.wait(now: .seconds(5)) == .seconds(1))
        #expect(absences.gone(among: [entry, later], now: .milliseconds(5_999)).isEmpty)
        #expect(absences.wait(now: .milliseconds(5_999)) == .milliseconds(1))
        #expect(absences.gone(among: [entry, later], now: .seconds(6)) == [entry])
        // Seen again meanwhile: it begins anew.
        #expect(absences.gone(among: [], now: .milliseconds(6_500)).isEmpty)
        #expect(absences.wait(now: .milliseconds(6_500)) == nil)
        #expect(absences.gone(among: [later], now: .seconds(8)).isEmpty)
        #expect(absences.gone(among: [later], now: .seconds(9)) == [later])
    }
}
