using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Dpark.ReadyToRun;

/// <summary>
/// Writes a profile as crossgen2 reads it with <c>--mibc</c>: an assembly whose method <c>AssemblyDictionary</c> names groups of methods by tokens, in code that never runs.
/// Whatever in a profile is not found is left out there.
/// </summary>
internal sealed class ProfileWriter
{
    private const int MaxStack = 1;

    private readonly MetadataBuilder _metadata = new();
    private readonly TypeTokens _types;
    private readonly List<EntityHandle> _methods = [];

    public ProfileWriter() => _types = new TypeTokens(_metadata);

    /// <summary>How many methods there are.</summary>
    public int Count => _methods.Count;

    public void Add(FoundMethods found)
    {
        foreach (var method in found.Methods)
        {
            try
            {
                _methods.Add(Reference(found, method));
            }
            catch (NotSupportedException)
            {
                // A parameter is a pointer to a function.
            }
        }
    }

    /// <param name="assemblies">The compiler looks at groups that are named after what it compiles.</param>
    public byte[] Write(IEnumerable<string> assemblies)
    {
        var code = new BlobBuilder();
        var bodies = new MethodBodyStreamEncoder(code);
        _metadata.AddModule(0, _metadata.GetOrAddString("start.mibc"), _metadata.GetOrAddGuid(Guid.Empty), default, default);
        _metadata.AddAssembly(_metadata.GetOrAddString("start"), new Version(1, 0), default, default, 0, AssemblyHashAlgorithm.None);
        var group = Define(bodies, "Start", il =>
        {
            foreach (var method in _methods)
            {
                Load(il, method);
            }
        });
        Define(bodies, "AssemblyDictionary", il =>
        {
            foreach (var assembly in assemblies)
            {
                il.LoadString(_metadata.GetOrAddUserString(assembly + ";"));
                Load(il, group);
            }
        });
        _metadata.AddTypeDefinition(
            default, default, _metadata.GetOrAddString("<Module>"), default, MetadataTokens.FieldDefinitionHandle(1), MetadataTokens.MethodDefinitionHandle(1));
        var image = new BlobBuilder();
        new ManagedPEBuilder(new PEHeaderBuilder(imageCharacteristics: Characteristics.Dll), new MetadataRootBuilder(_metadata), code, deterministicIdProvider: _ => default).Serialize(image);
        return image.ToArray();
    }

    private static void Load(InstructionEncoder il, EntityHandle method)
    {
        il.OpCode(ILOpCode.Ldtoken);
        il.Token(method);
        il.OpCode(ILOpCode.Pop);
    }

    private MethodDefinitionHandle Define(MethodBodyStreamEncoder bodies, string name, Action<InstructionEncoder> write)
    {
        var il = new InstructionEncoder(new BlobBuilder());
        write(il);
        il.OpCode(ILOpCode.Ret);
        var signature = new BlobBuilder();
        new BlobEncoder(signature).MethodSignature().Parameters(0, returns => returns.Void(), _ => { });
        return _metadata.AddMethodDefinition(
            MethodAttributes.Static | MethodAttributes.Public, MethodImplAttributes.IL, _metadata.GetOrAddString(name), _metadata.GetOrAddBlob(signature),
            bodies.AddMethodBody(il, MaxStack), default);
    }

    private EntityHandle Reference(FoundMethods found, MethodBase method)
    {
        var signature = new BlobBuilder();
        var parameters = method.GetParameters();
        new BlobEncoder(signature).MethodSignature(SignatureCallingConvention.Default, found.Arguments.Length, !method.IsStatic).Parameters(
            parameters.Length,
            returns => EncodeReturn(returns, (method as MethodInfo)?.ReturnParameter),
            encoder =>
            {
                foreach (var parameter in parameters)
                {
                    var one = encoder.AddParameter();
                    EncodeModifiers(one.CustomModifiers(), parameter);
                    Encode(one.Type, parameter.ParameterType);
                }
            });
        EntityHandle reference = _metadata.AddMemberReference(_types.Of(found.Owner), _metadata.GetOrAddString(method.Name), _metadata.GetOrAddBlob(signature));
        if (found.Arguments.Length == 0)
        {
            return reference;
        }

        var specification = new BlobBuilder();
        var arguments = new BlobEncoder(specification).MethodSpecificationSignature(found.Arguments.Length);
        foreach (var argument in found.Arguments)
        {
            _types.Encode(arguments.AddArgument(), argument);
        }

        return _metadata.AddMethodSpecification(reference, _metadata.GetOrAddBlob(specification));
    }

    private void EncodeReturn(ReturnTypeEncoder encoder, ParameterInfo? parameter)
    {
        if (parameter is null || parameter.ParameterType == typeof(void))
        {
            encoder.Void();
            return;
        }

        EncodeModifiers(encoder.CustomModifiers(), parameter);
        Encode(encoder.Type, parameter.ParameterType);
    }

    private void Encode(Func<bool, SignatureTypeEncoder> encoder, Type type) =>
        _types.Encode(encoder(type.IsByRef), type.IsByRef ? type.GetElementType()! : type);

    private void EncodeModifiers(CustomModifiersEncoder encoder, ParameterInfo parameter)
    {
        foreach (var modifier in parameter.GetRequiredCustomModifiers())
        {
            encoder = encoder.AddModifier(_types.Of(modifier), isOptional: false);
        }
    }
}
