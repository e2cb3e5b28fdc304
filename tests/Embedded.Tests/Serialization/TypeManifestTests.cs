using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Serialization;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Session;

namespace Dpark.Embedded.Tests.Serialization;

public sealed class TypeManifestTests
{
    private readonly SerializerSessionPool _pool = TestSerializer.NewPool();

    [Theory]
    [InlineData("System.Diagnostics.Process", "System.Diagnostics.Process")]
    [InlineData("System.IO.FileInfo", "System.Private.CoreLib")]
    [InlineData("Dpark.Embedded.Tests.Serialization.Unmarked", "Dpark.Orleans.Embedded.Tests")]
    [InlineData("No.Such.Type", "Dpark.Orleans.Embedded.Tests")]
    [InlineData("No.Such.Type", "No.Such.Assembly")]
    [InlineData("System.Collections.Generic.List`1[[System.IO.FileInfo, System.Private.CoreLib]]", "System.Private.CoreLib")]
    public void Read_TypeThatIsNotForMessages_IsRefused(string name, string assembly)
    {
        byte[] spec = [2, (byte)name.Length, 0, .. name.Select(c => (byte)c), (byte)assembly.Length, 0, .. assembly.Select(c => (byte)c)];
        byte[] bytes = [0x07, 0x00, (byte)spec.Length, .. spec, 0x06, 0x0F];

        Assert.ThrowsAny<SerializerException>(() => _pool.Read<object>(bytes));
    }

    [Fact]
    public void Read_TypeWithTooManyParts_IsRefused()
    {
        byte[] spec = [.. Enumerable.Repeat(new byte[] { 3, 0 }, 200).SelectMany(part => part), 0, 6];
        byte[] bytes = [0x07, 0x00, 0x92, 0x03, .. spec, 0x06, 0x0F];

        Assert.Throws<SerializerException>(() => _pool.Read<object>(bytes));
    }

    [Fact]
    public void WriteAndRead_UnmarkedTypeByName_NeedsPermission()
    {
        var allowed = TestSerializer.NewPool(builder => builder.Configure(options => options.AddAllowedType(typeof(Unmarked))));
        var all = TestSerializer.NewPool(builder => builder.Configure(options => options.AllowAllTypes = true));

        Assert.Throws<CodecNotFoundException>(() => _pool.ToArray(typeof(Unmarked)));
        Assert.Equal(typeof(Unmarked), allowed.Read<Type>(allowed.ToArray(typeof(Unmarked))));
        Assert.Equal(typeof(Unmarked), all.Read<Type>(all.ToArray(typeof(Unmarked))));
        Assert.ThrowsAny<SerializerException>(() => _pool.Read<Type>(all.ToArray(typeof(Unmarked))));
    }

    [Fact]
    public void WriteAndRead_MarkedTypeByName_NeedsNone()
    {
        Assert.Equal(typeof(Dictionary<string, Small[]>), _pool.Read<Type>(_pool.ToArray(typeof(Dictionary<string, Small[]>))));
        Assert.Equal(typeof(List<>), _pool.Read<Type>(_pool.ToArray(typeof(List<>))));
    }

    [Fact]
    public void Write_MemberWithoutId_ThrowsAndNamesIt()
    {
        var exception = Assert.Throws<CodecNotFoundException>(() => _pool.ToArray(new ForgotId { Number = 1 }));

        Assert.Contains(nameof(ForgotId.Number), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_IdTwice_ThrowsAndNamesIt()
    {
        var exception = Assert.Throws<CodecNotFoundException>(() => _pool.ToArray(new SameId()));

        Assert.Contains("id 3", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_BaseWithoutAttribute_ThrowsAndNamesIt()
    {
        var exception = Assert.Throws<CodecNotFoundException>(() => _pool.ToArray(new WithUnmarkedBase()));

        Assert.Contains(typeof(Unmarked).ToString(), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ExceptionOfUnknownType_IsFallbackWithMessageAndInner()
    {
        var bytes = _pool.ToArray<Exception>(new MarkedException("remote text", 1));
        var name = "MarkedException"u8;
        for (var at = bytes.AsSpan().IndexOf(name); at >= 0; at = bytes.AsSpan().IndexOf(name))
        {
            bytes[at] = (byte)'X';
        }

        var fallback = Assert.IsType<UnavailableExceptionFallbackException>(_pool.Read<Exception>(bytes));

        Assert.Equal("remote text", fallback.Message);
        Assert.EndsWith("XarkedException", fallback.ExceptionType, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ExceptionThatTheReceiverDoesNotSupport_IsFallback()
    {
        var open = TestSerializer.NewPool(services: services => services.Configure<ExceptionSerializationOptions>(options => options.SupportedExceptionTypeFilter = _ => true));
        var bytes = open.ToArray<Exception>(new UnmarkedException("text"));

        Assert.IsType<UnmarkedException>(open.Read<Exception>(bytes));
        Assert.IsType<UnavailableExceptionFallbackException>(_pool.Read<Exception>(bytes));
    }

    [Fact]
    public void WriteAndRead_Reference_GoesThroughTheResolver()
    {
        var resolver = new Resolver();
        var pool = TestSerializer.NewPool(services: services => services.AddSingleton<IReferenceResolver>(resolver));
        var reference = new DerivedReference("worker/7");
        var message = new object[] { reference, reference, new Dictionary<string, ICallable> { ["a"] = reference } };

        var copy = pool.Read<object[]>(pool.ToArray(message))!;

        Assert.Equal("worker/7", Assert.IsType<DerivedReference>(copy[0]).Id);
        Assert.Same(copy[0], copy[1]);
        Assert.Same(copy[0], ((Dictionary<string, ICallable>)copy[2])["a"]);
        Assert.Same(reference, pool.Copy(message)![0]);
    }

    [Fact]
    public void Write_ReferenceWithoutResolver_Throws()
    {
        Assert.Throws<SerializerException>(() => _pool.ToArray<ICallable>(new DerivedReference("x")));
    }

    [Fact]
    public void Read_ActivatorAndServiceConstructor_AreUsed()
    {
        var pool = TestSerializer.NewPool(services: services => services.AddSingleton(new Service("from services")));

        var activated = pool.Read<Activated>(pool.ToArray(new Activated("origin") { Number = 5 }))!;
        var constructed = pool.Read<Constructed>(pool.ToArray(new Constructed(new Service("origin")) { Number = 6 }))!;

        Assert.Equal((5, "from activator"), (activated.Number, activated.Origin));
        Assert.Equal((6, "from services"), (constructed.Number, constructed.Service.Name));
    }

    [Fact]
    public void Codecs_OfUnloadedAssembly_AreCollected()
    {
        var (context, type) = UseTypeOfOtherContext();

        for (var i = 0; i < 20 && (context.IsAlive || type.IsAlive); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(context.IsAlive || type.IsAlive);
    }

    [Fact]
    public void Read_NameOfTypeInTwoContexts_IsThatOfTheDefaultContext()
    {
        var context = new AssemblyLoadContext("other", isCollectible: true);
        var assembly = context.LoadFromAssemblyPath(typeof(Small).Assembly.Location);
        var value = Activator.CreateInstance(assembly.GetType(typeof(OnlyByName).FullName!)!)!;
        var adding = TestSerializer.NewPool(builder => builder.AddAssembly(assembly));

        Assert.IsType<OnlyByName>(_pool.Read<object>(_pool.ToArray(value)));
        Assert.IsType<OnlyByName>(adding.Read<object>(adding.ToArray(value)));
        context.Unload();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (WeakReference Context, WeakReference Type) UseTypeOfOtherContext()
    {
        var context = new AssemblyLoadContext("collectible", isCollectible: true);
        var type = context.LoadFromAssemblyPath(typeof(Small).Assembly.Location).GetType(typeof(Tree).FullName!)!;
        Assert.NotEqual(typeof(Tree), type);

        // As object: the codecs are found by the type of the value. As itself: they are in statics of the generic method.
        var value = Activator.CreateInstance(type)!;
        type.GetProperty(nameof(Tree.Name))!.SetValue(value, "other");
        type.GetProperty(nameof(Tree.Left))!.SetValue(value, value);
        var copy = _pool.Copy(value)!;
        _pool.ToArray(copy);
        var roundTrip = typeof(TypeManifestTests).GetMethod(nameof(RoundTrip), System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)!
            .MakeGenericMethod(type);
        var read = roundTrip.Invoke(this, [value])!;

        Assert.Equal("other", type.GetProperty(nameof(Tree.Name))!.GetValue(read));
        context.Unload();
        return (new WeakReference(context), new WeakReference(type));
    }

    private T? RoundTrip<T>(T value) => _pool.Read<T>(_pool.ToArray(value));

    private sealed class Resolver : IReferenceResolver
    {
        public (string GrainId, string Interface) GetName(object reference) => (((BaseReference)reference).Id, nameof(ICallable));

        public object Resolve(string grainId, string @interface) => new DerivedReference(grainId);
    }
}

public class Unmarked
{
    public int Number { get; set; }
}

public sealed class UnmarkedException(string message) : Exception(message);

[GenerateSerializer]
public sealed class ForgotId
{
    public int Number { get; set; }
}

[GenerateSerializer]
public sealed class SameId
{
    [Id(3)] public int First { get; set; }
    [Id(3)] public int Second { get; set; }
}

[GenerateSerializer]
public sealed class WithUnmarkedBase : Unmarked
{
    [Id(0)] public int Other { get; set; }
}

[GenerateSerializer]
public sealed class OnlyByName
{
    [Id(0)] public int Number { get; set; }
}

public interface ICallable;

[SerializedBy(typeof(ReferenceCodec<BaseReference>))]
public class BaseReference(string id) : ICallable
{
    public string Id { get; } = id;
}

public sealed class DerivedReference(string id) : BaseReference(id);

public sealed record Service(string Name);

[GenerateSerializer, UseActivator]
public sealed class Activated(string origin)
{
    [Id(0)] public int Number { get; set; }

    [field: NonSerialized] public string Origin { get; } = origin;
}

[RegisterActivator]
public sealed class ActivatedActivator : Orleans.Serialization.Activators.IActivator<Activated>
{
    public Activated Create() => new("from activator");
}

[GenerateSerializer]
[method: GeneratedActivatorConstructor]
public sealed class Constructed(Service service)
{
    [Id(0)] public int Number { get; set; }

    [field: NonSerialized] public Service Service { get; } = service;
}
