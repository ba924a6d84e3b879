import Glibc
import ReeveLaunch
import ReeveProtocol
import TestSupport
import Testing

struct AttachmentPlacerTests {
    private struct Place {
        let folder: TemporaryFolder
        var path: String { folder.path }
        var allowed: String { path + "/allowed" }
        var placer: AttachmentPlacer { AttachmentPlacer(folders: [allowed]) }
        var names: [String] { TestSupport.names(in: allowed).sorted() }

        init() throws {
            folder = try TemporaryFolder()
            mkdir(allowed, 0o755)
        }

        func read(_ name: String, upTo limit: Int = 4096) -> String? {
            guard let file = fopen(allowed + "/" + name, "r") else { return nil }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: limit)
            let count = fread(&bytes, 1, bytes.count, file)
            return String(decoding: bytes.prefix(count), as: UTF8.self)
        }

        func write(_ name: String, _ text: String) {
            let file = open(allowed + "/" + name, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
            _ = Glibc.write(file, text, text.utf8.count)
            close(file)
        }

        func attachment(_ name: String, _ content: String) -> AttachmentDefinition {
            AttachmentDefinition(path: allowed + "/" + name, content: content)
        }
    }

    @Test func `a file appears with its content and mode, in folders that are made for it`() throws {
        let place = try Place()
        var attachment = place.attachment("a/b/rules", "aGVsbG8=")
        attachment.encoding = .base64
        attachment.mode = "0640"
        attachment.sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        #expect(place.placer.place([attachment], owner: nil) == [nil])
        #expect(place.read("a/b/rules") == "hello")
        var status = stat()
        stat(place.allowed + "/a/b/rules", &status)
        #expect(status.st_mode & 0o7777 == 0o640)
        #expect(place.names == ["a"], "nothing else is left")
    }

    @Test func `what is in place as it should be is not written again`() throws {
        let place = try Place()
        let attachment = place.attachment("x", "same")
        #expect(place.placer.place([attachment], owner: nil) == [nil])
        var before = stat()
        stat(place.allowed + "/x", &before)
        #expect(place.placer.place([attachment], owner: nil) == [nil])
        var after = stat()
        stat(place.allowed + "/x", &after)
        #expect(before.st_ino == after.st_ino)
    }

    @Test func `another content is replaced as a whole, unless that is not to be`() throws {
        let place = try Place()
        place.write("x", "old")
        var careful = place.attachment("x", "new")
        careful.overwrite = false
        let refused = place.placer.place([careful, place.attachment("y", "y")], owner: nil)
        #expect(refused.map(\.?.cause) == ["attachmentExists", "notReached"])
        #expect(place.read("x") == "old")
        #expect(place.read("y") == nil, "what can be told before is, before anything is written")
        #expect(place.placer.place([place.attachment("x", "new")], owner: nil) == [nil])
        #expect(place.read("x") == "new")
        careful.content = "new"
        careful.mode = "0644"
        #expect(place.placer.place([careful], owner: nil) == [nil], "the same content is no other file")
        #expect(place.names == ["x"])
    }

    @Test func `a link never leads a file out of the folder`() throws {
        let place = try Place()
        let outside = place.path + "/outside"
        mkdir(outside, 0o755)
        symlink(outside, place.allowed + "/link")
        let failures = place.placer.place([place.attachment("link/x", "x")], owner: nil)
        #expect(failures[0]?.reason.contains("no folder of its own") == true, "\(String(describing: failures[0]))")
        #expect(access(outside + "/x", F_OK) != 0)

        symlink(outside + "/victim", place.allowed + "/file")
        #expect(place.placer.place([place.attachment("file", "mine")], owner: nil) == [nil])
        #expect(access(outside + "/victim", F_OK) != 0, "the link is replaced, and not followed")
        #expect(place.read("file") == "mine")
    }

    @Test func `a path is read by bytes, as the kernel reads it`() throws {
        let place = try Place()
        let odd = place.path + "/b\u{FC}ro"
        mkdir(odd, 0o755)
        let placer = AttachmentPlacer(folders: [odd])
        for name in ["x", "conf", "\u{301}mark"] {
            #expect(placer.place([AttachmentDefinition(path: "\(odd)/\(name)", content: name)], owner: nil) == [nil])
        }
        #expect(
            Set(TestSupport.names(in: odd).map { Array($0.utf8) })
                == Set(["x", "conf", "\u{301}mark"].map { Array($0.utf8) })
        )
        symlink(place.path, place.allowed + "/link")
        let behind = place.placer.place([place.attachment("link/\u{301}d/f", "")], owner: nil)
        #expect(behind[0]?.reason.contains("no folder of its own") == true, "\(String(describing: behind[0]))")
    }

    @Test func `what cannot be is said, and nothing is written`() throws {
        let place = try Place()
        mkdir(place.allowed + "/folder", 0o755)
        place.write("file", "")
        var unknown = place.attachment("x", "")
        unknown.owner = "nobody-of-that-name"
        var group = place.attachment("x", "")
        group.group = "no-group-of-that-name"
        let outside = AttachmentDefinition(path: place.path + "/x", content: "")
        let cases: [(AttachmentDefinition, String)] = [
            (place.attachment("folder", ""), "a folder is in its place"),
            (place.attachment("file/x", ""), "no folder of its own"), (unknown, "there is no user"),
            (group, "there is no group"), (outside, "outside the folders"),
        ]
        for (attachment, reason) in cases {
            let failures = place.placer.place([place.attachment("first", "1"), attachment], owner: nil)
            #expect(failures[1]?.reason.contains(reason) == true, "\(String(describing: failures[1]))")
            #expect(place.names == ["file", "folder"])
        }
    }

    @Test(arguments: ["new", "same"])
    func `what an agent that was killed has left beside it goes, and what another is writing stays`(was: String) throws
    {
        let place = try Place()
        place.write("x", was)
        place.write(".x.reeve-left", "sa")
        place.write(".x.reeve-living", "sam")
        place.write(".y.reeve-of-another", "")
        let living = open(place.allowed + "/.x.reeve-living", O_RDONLY | O_CLOEXEC)
        defer { close(living) }
        try #require(flock(living, LOCK_EX) == 0)
        #expect(place.placer.place([place.attachment("x", "same")], owner: nil) == [nil])
        #expect(place.names == [".x.reeve-living", ".y.reeve-of-another", "x"])
        #expect(place.read("x") == "same")
    }

    @Test func `many that put files in one place leave a whole one, and nothing else`() async throws {
        let place = try Place()
        let contents = (0..<8).map { String(repeating: "\($0)", count: 200_000) }
        let failures = await withTaskGroup(of: [AttachmentPlacer.Failure?].self) { group in
            for round in 0..<32 {
                group.addTask {
                    // Each as an agent of its own.
                    place.placer.place([place.attachment("x", contents[round % 8])], owner: nil)
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(failures.count == 32 && failures.allSatisfy { $0 == nil }, "\(failures)")
        #expect(place.names == ["x"])
        #expect(contents.contains(try #require(place.read("x", upTo: 1 << 20))))
    }
}
