using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Dpark.ReadyToRun;

/// <summary>References to types in the metadata of a profile.</summary>
internal sealed class TypeTokens(MetadataBuilder metadata)
{
    private readonly Dictionary<string, AssemblyReferenceHandle> _assemblies = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, EntityHandle> _references = [];
    private readonly Dictionary<Type, EntityHandle> _specifications = [];

    /// <summary>The token of a type that is closed or not generic.</summary>
    public EntityHandle Of(Type type)
    {
        if (!type.IsGenericType && !type.IsArray)
        {
            return ReferenceTo(type);
        }

        if (!_specifications.TryGetValue(type, out var handle))
        {
            var signature = new BlobBuilder();
            Encode(new BlobEncoder(signature).TypeSpecificationSignature(), type);
            handle = metadata.AddTypeSpecification(metadata.GetOrAddBlob(signature));
            _specifications.Add(type, handle);
        }

        return handle;
    }

    /// <summary>Writes a type into a signature.</summary>
    /// <exception cref="NotSupportedException">It is a pointer to a function.</exception>
    public void Encode(SignatureTypeEncoder encoder, Type type)
    {
        if (type.IsGenericMethodParameter)
        {
            encoder.GenericMethodTypeParameter(type.GenericParameterPosition);
        }
        else if (type.IsGenericTypeParameter)
        {
            encoder.GenericTypeParameter(type.GenericParameterPosition);
        }
        else if (type.IsFunctionPointer || type.IsVariableBoundArray)
        {
            throw new NotSupportedException();
        }
        else if (type.IsSZArray)
        {
            Encode(encoder.SZArray(), type.GetElementType()!);
        }
        else if (type == typeof(void*))
        {
            encoder.VoidPointer();
        }
        else if (type.IsPointer)
        {
            Encode(encoder.Pointer(), type.GetElementType()!);
        }
        else if (type.IsGenericType)
        {
            var arguments = encoder.GenericInstantiation(ReferenceTo(type.GetGenericTypeDefinition()), type.GetGenericArguments().Length, type.IsValueType);
            foreach (var argument in type.GetGenericArguments())
            {
                Encode(arguments.AddArgument(), argument);
            }
        }
        else if (type == typeof(object) || type == typeof(string) || type.IsPrimitive)
        {
            encoder.PrimitiveType(Enum.Parse<PrimitiveTypeCode>(type.Name));
        }
        else
        {
            encoder.Type(ReferenceTo(type), type.IsValueType);
        }
    }

    private EntityHandle ReferenceTo(Type type)
    {
        if (!_references.TryGetValue(type, out var handle))
        {
            EntityHandle scope = type.DeclaringType is { } declaring ? ReferenceTo(declaring) : ReferenceTo(type.Assembly);
            var space = type.DeclaringType is null && type.Namespace is { } named ? metadata.GetOrAddString(named) : default;
            handle = metadata.AddTypeReference(scope, space, metadata.GetOrAddString(type.Name));
            _references.Add(type, handle);
        }

        return handle;
    }

    private AssemblyReferenceHandle ReferenceTo(Assembly assembly)
    {
        var name = assembly.GetName();
        if (!_assemblies.TryGetValue(name.Name!, out var handle))
        {
            var key = name.GetPublicKeyToken() is { Length: > 0 } token ? metadata.GetOrAddBlob(token) : default;
            handle = metadata.AddAssemblyReference(metadata.GetOrAddString(name.Name!), name.Version!, default, key, default, default);
            _assemblies.Add(name.Name!, handle);
        }

        return handle;
    }
}
