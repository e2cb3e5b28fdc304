using Dpark.Applications;
using Microsoft.CodeAnalysis;

namespace Dpark.Closures;

public sealed class CodeTests
{
    private const string Greeter = "public static class Greeter { public static string Greet(string name) => \"VERSION \" + name; }";

    private const string Job = """
        public record Item(string Name);
        public static class Job
        {
            public static int Runs;
            public static Func<string, string> Make()
            {
                var item = new Item("!");
                return name => { Runs++; return Greeter.Greet(name) + item.Name + Runs; };
            }
            public static Func<int, int> Alone() => x => x + 1;
        }
        """;

    [Fact]
    public void Deserialize_LibraryThatOnlyTheDriverHas_IsLoadedFromItsBytes()
    {
        var (library, job) = Build("one");
        using var driver = new DriverSide(library, job);
        var made = (Func<string, string>)driver.Call("Job", "Make");
        var closure = driver.Serializer.Serialize(made, null);
        using var code = new CodeResolver(Travel.App, driver.Serializer.Catalog.Read);

        var copy = (Func<string, string>)ClosureSerializer.Deserialize(closure.Bytes, code);

        Assert.Equal("one Ada!1", copy("Ada"));
        Assert.NotEqual(made.Method.Module.Assembly, copy.Method.Module.Assembly);
        Assert.Equal("one Bob!1", made("Bob"));
        Assert.Equal(["Job", "Greeter"], closure.Modules.Select(module => module.Name));
    }

    [Fact]
    public void Deserialize_DependencyThatIsNotCalled_IsNotFetched()
    {
        var (library, job) = Build("one");
        using var driver = new DriverSide(library, job);
        var fetched = new List<string>();
        using var code = new CodeResolver(Travel.App, module =>
        {
            fetched.Add(module.Name);
            return driver.Serializer.Catalog.Read(module);
        });

        var alone = (Func<int, int>)ClosureSerializer.Deserialize(driver.Serializer.Serialize(driver.Call("Job", "Alone"), null).Bytes, code);

        Assert.Equal(2, alone(1));
        Assert.Equal(["Job"], fetched);
        var make = (Func<string, string>)ClosureSerializer.Deserialize(driver.Serializer.Serialize(driver.Call("Job", "Make"), null).Bytes, code);
        Assert.Equal("one x!1", make("x"));
        Assert.Equal(["Job", "Greeter"], fetched);
    }

    [Fact]
    public void Deserialize_TwoApplicationsWithTwoVersionsOfALibrary_EachUseTheirOwn()
    {
        var (firstLibrary, firstJob) = Build("one", "[assembly: System.Reflection.AssemblyVersion(\"1.0.0.0\")]");
        var (secondLibrary, secondJob) = Build("two", "[assembly: System.Reflection.AssemblyVersion(\"2.0.0.0\")]");
        using var first = new Application("app-1", firstLibrary, firstJob);
        using var second = new Application("app-2", secondLibrary, secondJob);

        Assert.Equal("one a!1", first.Run("a"));
        Assert.Equal("two a!1", second.Run("a"));
        Assert.Equal("one b!2", first.Run("b"));
    }

    [Fact]
    public void Deserialize_TwoApplicationsWithOneVersionOfDifferentBytes_EachUseTheirOwn()
    {
        var (firstLibrary, firstJob) = Build("one");
        var (secondLibrary, secondJob) = Build("two");
        using var first = new Application("app-1", firstLibrary, firstJob);
        using var second = new Application("app-2", secondLibrary, secondJob);

        Assert.Equal("one a!1", first.Run("a"));
        Assert.Equal("two a!1", second.Run("a"));
    }

    [Fact]
    public void Deserialize_OneApplicationWithTwoBuilds_KeepsThemApart()
    {
        var (firstLibrary, firstJob) = Build("one");
        var (secondLibrary, secondJob) = Build("two");
        using var first = new DriverSide(firstLibrary, firstJob);
        using var second = new DriverSide(secondLibrary, secondJob);
        var before = first.Serializer.Serialize(first.Call("Job", "Make"), null);
        var after = second.Serializer.Serialize(second.Call("Job", "Make"), null);
        using var code = new CodeResolver(Travel.App, module => (before.Modules.Contains(module) ? first : second).Serializer.Catalog.Read(module));

        Assert.Equal("one x!1", ((Func<string, string>)ClosureSerializer.Deserialize(before.Bytes, code))("x"));
        Assert.Equal("two x!1", ((Func<string, string>)ClosureSerializer.Deserialize(after.Bytes, code))("x"));
        Assert.Equal("one x!2", ((Func<string, string>)ClosureSerializer.Deserialize(before.Bytes, code))("x"));
    }

    [Fact]
    public void Deserialize_CodeThatTheProcessHas_IsUsedAsItIs()
    {
        using var code = new CodeResolver(Travel.App, module => throw new InvalidOperationException($"{module} is here."));
        var marker = new Marker();

        var copy = (Func<Type>)ClosureSerializer.Deserialize(new ClosureSerializer().Serialize((Func<Type>)(() => marker.GetType()), null).Bytes, code);

        Assert.Same(typeof(Marker), copy());
    }

    [Fact]
    public void Deserialize_OnTheDriver_GivesItsOwnTypes()
    {
        var (library, job) = Build("one");
        using var driver = new DriverSide(library, job);
        var make = driver.Call("Job", "Make");
        var closure = driver.Serializer.Serialize(make, null);
        using var code = CodeResolver.ForDriver(Travel.App, driver.Serializer.Catalog);

        var copy = (Delegate)ClosureSerializer.Deserialize(closure.Bytes, code);

        Assert.Equal(((Delegate)make).Method, copy.Method);
    }

    [Fact]
    public void TrySerialize_ExceptionOfApplicationCode_ReachesTheDriver()
    {
        var library = CompiledLibrary.Compile("Failing", "public class Oops(int code) : Exception(\"oops\") { public int Code => code; } public static class Job { public static Action Make() => () => throw new Oops(7); }");
        using var driver = new DriverSide(library);
        var closure = driver.Serializer.Serialize(driver.Call("Job", "Make"), null);
        using var code = new CodeResolver(Travel.App, driver.Serializer.Catalog.Read);
        var thrown = Record.Exception((Action)ClosureSerializer.Deserialize(closure.Bytes, code));

        Assert.True(new ClosureSerializer().TrySerialize(thrown!, out var sent));

        using var back = CodeResolver.ForDriver(Travel.App, driver.Serializer.Catalog);
        var exception = (Exception)ClosureSerializer.Deserialize(sent.Bytes, back);
        Assert.Equal("oops", exception.Message);
        Assert.Equal(((Delegate)driver.Call("Job", "Make")).Method.Module, exception.GetType().Module);
        Assert.Equal(7, exception.GetType().GetProperty("Code")!.GetValue(exception));
        Assert.Equal(["Failing"], sent.Modules.Select(module => module.Name));
    }

    [Theory]
    [InlineData(OptimizationLevel.Debug)]
    [InlineData(OptimizationLevel.Release)]
    public void Deserialize_TopLevelProgram_Runs(OptimizationLevel optimization)
    {
        var program = CompiledLibrary.Compile(
            "TopLevel",
            """
            var (factor, stream) = (3, System.IO.Stream.Null);
            Func<long> other = () => stream.Length;
            Func<int, int> lambda = x => Local(x) + Add(x, 1);
            Func<int, IEnumerable<int>> many = Many;
            Holder.Functions = [lambda, many, (Func<string, int>)int.Parse, (Func<int, int>)Static];
            int Local(int x) => x * factor;
            IEnumerable<int> Many(int count) { for (var i = 0; i < count; i++) { yield return i * factor; } }
            static int Add(int a, int b) => a + b;
            static int Static(int a) => Add(a, a);
            static class Holder { public static Delegate[] Functions = []; public static object Take() => Functions; }
            """,
            optimization,
            OutputKind.ConsoleApplication);
        using var driver = new DriverSide(program);
        driver.Run("TopLevel");
        var closure = driver.Serializer.Serialize(driver.Call("Holder", "Take"), null);
        using var code = new CodeResolver(Travel.App, driver.Serializer.Catalog.Read);

        var copy = (Delegate[])ClosureSerializer.Deserialize(closure.Bytes, code);

        Assert.Equal(9, ((Func<int, int>)copy[0])(2));
        Assert.Equal([0, 3, 6], ((Func<int, IEnumerable<int>>)copy[1])(3));
        Assert.Equal(5, ((Func<string, int>)copy[2])("5"));
        Assert.Equal(8, ((Func<int, int>)copy[3])(4));
    }

    [Fact]
    public void Check_TopLevelProgram_IsNamedInTheMessage()
    {
        var program = CompiledLibrary.Compile(
            "TopLevelRefused",
            "var stream = System.IO.Stream.Null; Holder.Function = () => stream.Length; static class Holder { public static Func<long> Function; public static object Take() => Function; }",
            OptimizationLevel.Release,
            OutputKind.ConsoleApplication);
        using var driver = new DriverSide(program);
        driver.Run("TopLevelRefused");

        var exception = Assert.Throws<ClosureException>(() => driver.Serializer.Check((Delegate)driver.Call("Holder", "Take"), default));

        Assert.StartsWith("top-level program: closure captures 'stream' (System.IO.Stream.NullStream). ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_DebugBuild_PrunesToo()
    {
        var library = CompiledLibrary.Compile(
            "DebugBuild",
            """
            public class Owner
            {
                private readonly System.IO.Stream _stream = System.IO.Stream.Null;
                private readonly int _number = 4;
                public long Length => _stream.Length;
                public Func<int, int> ByField() => x => x + _number;
                public Func<int, int> ByMethod() => x => { var self = this; if (x > 100) { return self._number; } return Add(x); };
                public Func<int, IEnumerable<int>> ByIterator() => Iterate;
                private int Add(int x) { var result = x + _number; return result; }
                private IEnumerable<int> Iterate(int n) { for (var i = 0; i < n; i++) { yield return Add(i); } }
                public static object Make() => new object[] { new Owner().ByField(), new Owner().ByMethod(), new Owner().ByIterator() };
            }
            """,
            OptimizationLevel.Debug);
        using var driver = new DriverSide(library);
        var closure = driver.Serializer.Serialize(driver.Call("Owner", "Make"), null);
        using var code = new CodeResolver(Travel.App, driver.Serializer.Catalog.Read);

        var copy = (object[])ClosureSerializer.Deserialize(closure.Bytes, code);

        Assert.Equal(6, ((Func<int, int>)copy[0])(2));
        Assert.Equal(6, ((Func<int, int>)copy[1])(2));
        Assert.Equal([4, 5], ((Func<int, IEnumerable<int>>)copy[2])(2));
    }

    [Fact]
    public void Check_GrainReference_IsRefused()
    {
        var library = CompiledLibrary.Compile(
            "Grains",
            """
            namespace Orleans.Runtime { public interface IAddressable { } }
            public class Reference : Orleans.Runtime.IAddressable { }
            public static class Job { public static object Make() { var grain = new Reference(); return (Func<string>)(() => grain.ToString()); } }
            """);
        using var driver = new DriverSide(library);

        var exception = Assert.Throws<ClosureException>(() => driver.Serializer.Check((Delegate)driver.Call("Job", "Make"), default));

        Assert.Contains("Job.Make: closure captures 'grain' (Reference). ", exception.Message, StringComparison.Ordinal);
        Assert.Contains("a grain reference", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deserialize_NativeLibraryThatIsMissing_SaysSo()
    {
        var library = CompiledLibrary.Compile(
            "Native",
            "public static class Job { [System.Runtime.InteropServices.DllImport(\"dpark_no_such_library\")] static extern int Call(); public static Func<int> Make() => () => Call(); }");
        using var driver = new DriverSide(library);
        using var code = new CodeResolver(Travel.App, driver.Serializer.Catalog.Read);
        var copy = (Func<int>)ClosureSerializer.Deserialize(driver.Serializer.Serialize(driver.Call("Job", "Make"), null).Bytes, code);

        var exception = Assert.Throws<DllNotFoundException>(() => copy());

        Assert.Contains("calls the native library 'dpark_no_such_library'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deserialize_NativeLibraryOfTheSystem_IsCalled()
    {
        var library = CompiledLibrary.Compile(
            "NativeFound",
            "public static class Job { [System.Runtime.InteropServices.DllImport(\"libc\")] static extern int getpid(); public static Func<int> Make() => () => getpid(); }");
        using var driver = new DriverSide(library);
        using var code = new CodeResolver(Travel.App, driver.Serializer.Catalog.Read);

        var copy = (Func<int>)ClosureSerializer.Deserialize(driver.Serializer.Serialize(driver.Call("Job", "Make"), null).Bytes, code);

        Assert.Equal(Environment.ProcessId, copy());
    }

    [Fact]
    public void Deserialize_AssemblyWithoutBytes_SaysWhatToDo()
    {
        var library = CompiledLibrary.Compile("NoBytes", "public static class Job { public static Func<int> Make() => () => 1; }");
        using var driver = new DriverSide(library);
        var closure = new ClosureSerializer().Serialize(driver.Call("Job", "Make"), null);
        using var code = new CodeResolver(Travel.App, driver.Serializer.Catalog.Read);

        var exception = Assert.Throws<FileNotFoundException>(() => ClosureSerializer.Deserialize(closure.Bytes, code));

        Assert.Equal("", Assert.Single(closure.Modules).Hash);
        Assert.Contains("CodeCatalog.Register", exception.Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => new ClosureSerializer().Catalog.Read(closure.Modules[0]));
    }

    [Fact]
    public void Deserialize_DamagedModule_IsRefused()
    {
        var (library, job) = Build("one");
        using var driver = new DriverSide(library, job);
        var closure = driver.Serializer.Serialize(driver.Call("Job", "Alone"), null);
        using var code = new CodeResolver(Travel.App, module =>
        {
            var bytes = driver.Serializer.Catalog.Read(module).ToArray();
            bytes[^1] ^= 1;
            return bytes;
        });

        Assert.Throws<InvalidDataException>(() => ClosureSerializer.Deserialize(closure.Bytes, code));
    }

    [Fact]
    public void Describe_FileOfThisProcess_CanBeReadBack()
    {
        var catalog = new CodeCatalog();

        var module = catalog.Describe(typeof(CodeTests).Assembly);

        Assert.Equal(File.ReadAllBytes(typeof(CodeTests).Assembly.Location), catalog.Read(module).ToArray());
        Assert.Equal((module.Length, module.Mvid), (new FileInfo(typeof(CodeTests).Assembly.Location).Length, typeof(CodeTests).Module.ModuleVersionId));
    }

    [Fact]
    public void DescribeWithReferences_LeavesOutFrameworkAndEngine()
    {
        var names = new CodeCatalog().DescribeWithReferences(typeof(CodeTests).Assembly).Select(module => module.Name).ToList();

        Assert.Equal("Dpark.Orleans.Core.Tests", names[0]);
        Assert.Contains("Microsoft.CodeAnalysis.CSharp", names);
        Assert.Contains("xunit.assert", names);
        Assert.DoesNotContain("Dpark.Orleans.Core", names);
        Assert.DoesNotContain("System.Runtime", names);
        Assert.DoesNotContain("Microsoft.Extensions.Logging.Abstractions", names);
    }

    internal static (CompiledLibrary Library, CompiledLibrary Job) Build(string version, string attributes = "")
    {
        var library = CompiledLibrary.Compile("Greeter", attributes + Greeter.Replace("VERSION", version, StringComparison.Ordinal));
        return (library, CompiledLibrary.Compile("Job", Job, references: library));
    }

    private sealed class Marker;

    private sealed class Application : IDisposable
    {
        private readonly DriverSide _driver;
        private readonly CodeResolver _code;

        public Application(string name, params CompiledLibrary[] libraries)
        {
            _driver = new DriverSide(libraries);
            _code = new CodeResolver(new AppId(name), _driver.Serializer.Catalog.Read);
        }

        public string Run(string name)
        {
            var bytes = _driver.Serializer.Serialize(_driver.Call("Job", "Make"), null).Bytes;
            return ((Func<string, string>)ClosureSerializer.Deserialize(bytes, _code))(name);
        }

        public void Dispose()
        {
            _code.Dispose();
            _driver.Dispose();
        }
    }
}
