using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Invocation;
using Orleans.Serialization.Session;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Runtime;

/// <summary>
/// A generic method of a grain interface: makes an <see cref="InterfaceMethod"/> for each set of type arguments. The body of its requests begins with them
/// (length, 4 bytes little endian, and the text of <see cref="TypeNames"/>); they all have the same number on the wire. Thread-safe.
/// </summary>
/// <param name="proxy">The class that has the method's invoker.</param>
internal sealed class GenericMethod(MethodInfo info, Type proxy, string invokerName) : InterfaceMethod(info)
{
    private readonly ConcurrentDictionary<Type, InterfaceMethod> _byTuple = new();
    private readonly ConcurrentDictionary<string, InterfaceMethod> _byText = new();

    /// <summary>The method with type arguments, which are the arguments of the value tuple. Called by proxies.</summary>
    public InterfaceMethod Construct<TTypes>() => _byTuple.TryGetValue(typeof(TTypes), out var known)
        ? known
        : _byTuple.GetOrAdd(typeof(TTypes), type => Construct(ArgumentTuples.TypesOf(type)));

    /// <summary>Where the arguments begin in the body of a request, behind what <see cref="WritePrefix"/> wrote.</summary>
    public override Request ReadRequest(SerializerSessionPool pool, ReadOnlySpan<byte> body)
    {
        var length = body.Length >= sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(body) : -1;
        if (length < 0 || length > body.Length - sizeof(int))
        {
            SerializerLimits.ThrowDamaged("a generic call without type arguments");
        }

        var text = Encoding.UTF8.GetString(body.Slice(sizeof(int), length));
        return Construct(text, pool.Manifest).ReadRequest(pool, body[(sizeof(int) + length)..]);
    }

    public override Response ReadResponse(SerializerSessionPool pool, ReadOnlySpan<byte> body) =>
        throw new InvalidOperationException($"{Info} has no response without type arguments.");

    /// <summary>Writes the type arguments of a request.</summary>
    public static void WritePrefix(string typeArguments, System.Buffers.IBufferWriter<byte> output)
    {
        var length = Encoding.UTF8.GetByteCount(typeArguments);
        var span = output.GetSpan(sizeof(int) + length);
        BinaryPrimitives.WriteInt32LittleEndian(span, length);
        Encoding.UTF8.GetBytes(typeArguments, span[sizeof(int)..]);
        output.Advance(sizeof(int) + length);
    }

    private InterfaceMethod Construct(string text, TypeManifest manifest)
    {
        if (_byText.TryGetValue(text, out var known))
        {
            return known;
        }

        if (_byText.Count >= SerializerLimits.MaxResolvedTypes)
        {
            throw new OrleansException($"{Info} was called with {_byText.Count} sets of types already. A peer may be making them up; no further one is accepted.");
        }

        if (TypeNames.ParseArguments(text, manifest) is not { } types || types.Length != Info.GetGenericArguments().Length)
        {
            throw new OrleansException($"The types {text} are not ones that {Info.DeclaringType}.{Info.Name} can be called with here. Give them [GenerateSerializer], and deploy their assemblies.");
        }

        return _byText.GetOrAdd(text, Construct(types));
    }

    private InterfaceMethod Construct(Type[] types)
    {
        MethodInfo constructed;
        try
        {
            constructed = Info.MakeGenericMethod(types);
        }
        catch (ArgumentException exception)
        {
            throw new OrleansException($"The types {TypeNames.FormatArguments(types)} violate a constraint of {Info.DeclaringType}.{Info.Name}. Deploy the same version everywhere.", exception);
        }

        var shape = new MethodShape(constructed, 0);
        var invoker = proxy.GetMethod(invokerName, BindingFlags.Static | BindingFlags.Public)!.MakeGenericMethod(types).CreateDelegate(shape.InvokerType);
        return (InterfaceMethod)Activator.CreateInstance(shape.MethodType, constructed, invoker)!;
    }
}
