using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;

namespace Orleans.Serialization.Codecs;

/// <summary>Turns objects that only stand for something in the cluster, such as grain references, into names and back. Implemented by the runtime of a silo or client.</summary>
internal interface IReferenceResolver
{
    /// <summary>What travels in place of a reference.</summary>
    (string GrainId, string Interface) GetName(object reference);

    /// <summary>The reference that a name stands for in this runtime.</summary>
    object Resolve(string grainId, string @interface);
}

/// <summary>Objects that travel by name and come back from the <see cref="IReferenceResolver"/> of the receiver. A copy is the object itself.</summary>
internal sealed class ReferenceCodec<T> : ObjectCodec<T>
    where T : class
{
    // A member of an interface type may hold the object itself instead of a reference to it.
    public override bool IsShallow => !typeof(T).IsInterface;

    protected override bool IsOpen => true;

    protected override void WriteNew(ref Writer writer, uint delta, T value)
    {
        var (grainId, type) = Resolver(writer.Session.Pool.Services).GetName(value);
        writer.Enter(delta, WireType.Object);
        writer.WriteString(0, grainId);
        writer.WriteString(1, type);
        writer.WriteEnd();
    }

    protected override T ReadNew(ref Reader reader, WireType wire)
    {
        var id = Begin(ref reader, wire);
        var grainId = reader.ReadString(reader.ReadTag()) ?? "";
        var type = reader.ReadString(reader.ReadTag()) ?? "";
        reader.SkipLevels(reader.ReadTag());
        reader.Leave();
        var value = (T)Resolver(reader.Session.Pool.Services).Resolve(grainId, type);
        reader.Session.SetReference(id, value);
        return value;
    }

    public override T? Copy(T? value, CopyContext context) =>
        value is IAddressable and not GrainReference ? (T)CallRuntime.ToReference(value) : value;

    protected override T CopyNew(T value, CopyContext context) => value;

    private static IReferenceResolver Resolver(IServiceProvider? services) =>
        services?.GetService<IReferenceResolver>()
        ?? throw new SerializerException($"A {typeof(T)} cannot be written or read here. Use the serializer of a silo or client.");
}
